import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findJsonFault } from '../../domain/json-fault.js';
import type { JobFailureType, JobSpec } from '../../domain/job.js';
import { PROGRESS_BYTES_MAX, readJobProgress, type JobProgress } from '../../domain/job-progress.js';
import { plainWords } from '../../domain/job-words.js';
import { errorCode } from './durable-file.js';
import type { ProcessIdentity } from './process-identity.js';

/**
 * All that is known of a local job lies in its folder, so that any process may look after it:
 * `spec.json`, `input.json` and `work/` come with the folder in one rename; `claim` is made by the one supervisor that may
 * run it; `command` names the process; `stop` asks for its end; `exit.json` is the last word, written once.
 */
export function jobPaths(folder: string) {
  return {
    spec: join(folder, 'spec.json'),
    input: join(folder, 'input.json'),
    work: join(folder, 'work'),
    claim: join(folder, 'claim'),
    command: join(folder, 'command'),
    stop: join(folder, 'stop'),
    output: join(folder, 'output.json'),
    progress: join(folder, 'progress.json'),
    log: join(folder, 'log'),
    supervisorLog: join(folder, 'supervisor.log'),
    exit: join(folder, 'exit.json'),
  };
}

/** Where jobs of this home keep the checkpoints of a place. */
export function checkpointsFolder(jobs: string, place: string): string {
  return join(dirname(jobs), 'checkpoints', ...place.split('/'));
}

/** The content of spec.json. */
export interface JobOrder {
  readonly digest: string;
  readonly spec: JobSpec;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
}

/** The content of exit.json. */
export interface JobEnding {
  readonly failure: { readonly type: JobFailureType; readonly message: string; readonly logTail: string } | null;
  readonly startedAt: string | null;
  readonly endedAt: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly memoryMiBMax: number | null;
}

export function readOrder(folder: string): JobOrder | null {
  return readJson(jobPaths(folder).spec) as JobOrder | null;
}

export function readEnding(folder: string): JobEnding | null {
  return readJson(jobPaths(folder).exit) as JobEnding | null;
}

export function readIdentity(file: string): ProcessIdentity | null {
  return readJson(file) as ProcessIdentity | null;
}

/** What the job last said of its progress; null where it said nothing or is just writing. */
export function readProgress(folder: string): JobProgress | null {
  try {
    if (statSync(jobPaths(folder).progress).size > PROGRESS_BYTES_MAX) return null;
    const progress = readJobProgress(readFileSync(jobPaths(folder).progress, 'utf8'));
    return progress?.message === undefined ? progress : { ...progress, message: plainWords(progress.message) };
  } catch {
    return null;
  }
}

/** Results are small documents: what is large belongs into the object store, and a worker must not choke on it. */
const resultBytesMax = 32 * 2 ** 20;

/** What is wrong with the result file; null where it is good, and it is then durable. */
export function findOutputFault(file: string): string | null {
  try {
    const { size } = statSync(file);
    if (size > resultBytesMax)
      return `${file}: expected a result of at most ${resultBytesMax / 2 ** 20} MiB, found ${Math.ceil(size / 2 ** 20)} MiB`;
    readJson(file);
    const descriptor = openSync(file, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
    return null;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return `${file}: expected the result as JSON, found no file`;
    const fault = error instanceof SyntaxError ? findJsonFault(readFileSync(file, 'utf8')) : null;
    return `${file}: expected the result as JSON, found ${fault ?? (error instanceof Error ? error.message : String(error))}`;
  }
}

/** null where the file does not exist. @throws {SyntaxError} it is no JSON */
export function readJson(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  return JSON.parse(text);
}

/** Writes a file of the folder whole; of several writers one gets true and the others leave it as it is. */
export function createWhole(folder: string, file: string, content: unknown): boolean {
  const staged = join(folder, `.${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    writeFileSync(staged, JSON.stringify(content), { flag: 'wx', flush: true });
    linkSync(staged, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    try {
      unlinkSync(staged);
    } catch {
      // it could not even be made
    }
  }
}
