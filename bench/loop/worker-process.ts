import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const fileOf = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/**
 * Starts a worker of bench/loop in a process of its own and waits until it is ready. It runs as JavaScript, as a worker of the product
 * does: what reads TypeScript takes 100 MiB itself.
 */
export async function forkWorker(script: 'waiting-worker' | 'watching-worker', args: readonly string[]): Promise<ChildProcess> {
  await promisify(execFile)(process.execPath, [
    fileOf('node_modules/typescript/bin/tsc'),
    '--noCheck',
    '-p',
    fileOf('bench/tsconfig.worker.json'),
  ]);
  const worker = fork(fileOf(`dist.bench/bench/loop/${script}.js`), args, { execArgv: [] });
  const ended = once(worker, 'exit').then(([code, signal]) => {
    throw new Error(`expected ${script} to be ready, found that it ended (${code ?? signal})`);
  });
  await Promise.race([once(worker, 'message'), ended]);
  ended.catch(() => undefined); // later it may
  return worker;
}
