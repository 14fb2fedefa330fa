import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { isFailureType, RatchetError } from '../../domain/failure.js';
import { supervisorEnvironment } from './job-environment.js';

export interface StepProcessOptions {
  /** Folder of the Python environment's commands; null: whatever PATH has. */
  readonly pythonBin: string | null;
  /** Folder that holds the package ratchet_steps. */
  readonly stepsPath: string;
  readonly storeUri: string;
  readonly environment?: NodeJS.ProcessEnv;
}

const LOG_CHARS_MAX = 64_000;

/**
 * Runs a step of the Python package under the job contract as a child of this process, for what is read and soon over: it ends
 * with its asker. What must survive runs as a job.
 * @throws {RatchetError} the step's own failure type, JobFailed with its last words, or JobOutputInvalid with the field
 */
export async function runStepProcess<T>(
  module: string,
  input: object,
  schema: z.ZodType<T>,
  { pythonBin, stepsPath, storeUri, environment = process.env }: StepProcessOptions,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'ratchet-step-'));
  try {
    const [inputFile, outputFile] = [join(folder, 'input.json'), join(folder, 'output.json')];
    await writeFile(inputFile, JSON.stringify(input));
    const code = await ended(
      module,
      {
        ...supervisorEnvironment(environment, { pythonBin, stepsPath, storeUri }),
        RATCHET_INPUT: inputFile,
        RATCHET_OUTPUT: outputFile,
        OMP_NUM_THREADS: '1',
        TMPDIR: folder, // what it leaves behind goes with the folder
      },
      signal,
    );
    signal.throwIfAborted();
    if (code.status !== 0) throw failureOf(module, code);
    return checked(module, schema, JSON.parse(await readFile(outputFile, 'utf8')));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function checked<T>(module: string, schema: z.ZodType<T>, found: unknown): T {
  const output = schema.safeParse(found);
  if (output.success) return output.data;
  const [issue] = output.error.issues;
  throw new RatchetError('JobOutputInvalid', `step ${module}, field ${issue?.path.join('.')}: ${issue?.message}`);
}

interface Ended {
  /** null: ended by a signal. */
  readonly status: number | null;
  readonly log: string;
}

function ended(module: string, environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn('python', ['-m', `ratchet_steps.${module}`], { env: environment, stdio: ['ignore', 'ignore', 'pipe'], signal });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-LOG_CHARS_MAX)));
    child.once('spawn', () => lower(child.pid));
    child.once('error', (error) => {
      if (child.pid === undefined)
        reject(new RatchetError('JobFailed', `step ${module}: expected Python, found ${error.message}`, { cause: error }));
    });
    child.once('close', (status) => resolve({ status, log }));
  });
}

/** Whoever answers or watches goes first. */
function lower(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // it is gone already, or the system does not let us
  }
}

function failureOf(module: string, { status, log }: Ended): RatchetError {
  const last = log.trimEnd().split('\n').at(-1) ?? '';
  const [, type, message] = /^(\w+): (.*)$/.exec(last) ?? [];
  if (isFailureType(type)) return new RatchetError(type, `step ${module}: ${message}`);
  return new RatchetError('JobFailed', `step ${module}: ended with ${status ?? 'a signal'}: ${last.slice(0, 500)}`);
}
