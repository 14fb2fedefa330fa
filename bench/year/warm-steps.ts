import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { RatchetError, type FailureType } from '../../src/domain/failure.js';
import type { JobSpec } from '../../src/domain/job.js';
import type { Books } from './books.js';

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly failure?: { readonly type: FailureType; readonly message: string };
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export interface ServeRequest {
  readonly policy: string;
  /** Digest of the model file. */
  readonly model: string;
  readonly start: string;
  readonly end: string;
  /** Absent: nobody looks at the answers. */
  readonly log?: { readonly model: string; readonly version: string; readonly instance: string; readonly segment: string };
}

/** What a policy's jobs took, by stage. */
export type Spent = Record<string, { jobs: number; cpuSeconds: number }>;

export type WarmSteps = Awaited<ReturnType<typeof startWarmSteps>>;

/** The real steps in one process, that need not start an interpreter for each job: bench/year/warm_steps.py. */
export async function startWarmSteps({ python, modelFolder, store }: { python: string; modelFolder: string; store: string }) {
  const script = fileURLToPath(new URL('./warm_steps.py', import.meta.url));
  // A session of its own, as jobs on one machine have; it ends when nobody can ask it any more.
  const child = spawn(python, [script, modelFolder, store], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const waiting = new Map<number, (reply: Reply) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const reply = JSON.parse(line) as Reply;
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  const ended = once(child, 'exit');
  let asked = 0;

  return { job, serve, labels, books, stop };

  /** @param spent where its CPU seconds are added. @throws {RatchetError} with the step's own failure */
  async function job(stage: JobSpec['stage'], input: unknown, spent: Spent): Promise<unknown> {
    const { result, failure, cpuSeconds } = await ask({ do: 'job', stage, input });
    const known = (spent[stage] ??= { jobs: 0, cpuSeconds: 0 });
    known.jobs += 1;
    known.cpuSeconds += cpuSeconds;
    if (failure !== undefined) throw new RatchetError(failure.type, failure.message);
    return result;
  }

  async function serve(request: ServeRequest): Promise<{ rows: number; refused: number }> {
    return need(await ask({ do: 'serve', ...request }));
  }

  /** What became known in [start, end), as the text of a file of labels. */
  async function labels(range: { start: string; end: string }): Promise<{ rows: number; text: string }> {
    return need(await ask({ do: 'labels', ...range }));
  }

  async function books(): Promise<Books> {
    return need(await ask({ do: 'books' }));
  }

  async function stop(): Promise<void> {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGTERM'); // and the model server that it may have
    await ended;
  }

  function ask(request: object): Promise<Reply> {
    const id = ++asked;
    return new Promise((resolve, reject) => {
      waiting.set(id, resolve);
      void ended.then(() =>
        reject(new Error(`${script}: expected an answer, found that it ended with ${child.exitCode ?? child.signalCode}`)),
      );
      child.stdin.write(`${JSON.stringify({ ...request, id })}\n`);
    });
  }
}

function need<T>({ result, failure }: Reply): T {
  if (failure !== undefined) throw new Error(`warm steps: ${failure.type}: ${failure.message}`);
  return result as T;
}
