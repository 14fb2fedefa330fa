import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Endpoints } from '../config/endpoints.js';
import { readEndpoints } from '../config/endpoints.js';
import type { Home } from '../config/home.js';
import { makeFolder } from '../config/make-folder.js';
import { holderOf, unwritable } from '../workers/stack/home-lock.js';
import type { Cli } from './cli.js';
import { CommandError } from './explain-error.js';
import { heldBy } from './held-by.js';

type ChildMessage = { kind: 'tell'; line: string } | { kind: 'ready' };

/**
 * Runs `ratchet up` in the background and waits until it is ready. It has its own log and outlives us.
 * @throws {CommandError} another one runs here, or it ended before it was ready, with what it said. @throws {Error} the home cannot be written
 */
export async function detachStack(cli: Cli, home: Home, environment: NodeJS.ProcessEnv, args: readonly string[] = []): Promise<Endpoints> {
  const holder = holderOf(home);
  if (holder) throw heldBy(home, holder);
  const logFile = join(home.logsFolder, 'up.log');
  const log = openLog(home, logFile);
  const { size } = fstatSync(log);
  const child = spawn(process.execPath, [fileURLToPath(new URL('./main.js', import.meta.url)), 'up', '--home', home.path, ...args], {
    env: environment,
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const stop = (): void => void child.kill('SIGTERM');
  cli.terminal.interrupted.addEventListener('abort', stop);
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: ChildMessage) => (message.kind === 'tell' ? cli.tell(`  ${message.line}`) : resolve()));
      child.once('error', reject);
      child.once('exit', (code) =>
        reject(new CommandError(lastError(logFile, size) ?? `the stack ended with exit code ${code}`, `its log is ${logFile}`)),
      );
    });
  } finally {
    cli.terminal.interrupted.removeEventListener('abort', stop);
    if (child.connected) child.disconnect();
    child.unref();
  }
  const endpoints = readEndpoints(home);
  if (!endpoints) throw new CommandError(`the stack is ready, but ${home.endpointsFile} cannot be read`);
  return endpoints;
}

/** Goes on where the one before ended: one that loses a race for the home must not clear the log of the one that runs. */
function openLog(home: Home, logFile: string): number {
  try {
    makeFolder(home.logsFolder);
    return openSync(logFile, 'a', 0o600);
  } catch (error) {
    throw unwritable(home, error);
  }
}

/** The sentence that the background process ended with. */
function lastError(logFile: string, from: number): string | null {
  const lines = readFileSync(logFile).subarray(from).toString('utf8').trim().split('\n');
  const start = lines.findLastIndex((line) => line.startsWith('error: '));
  return start < 0 ? null : lines.slice(start).join('\n').slice('error: '.length);
}
