import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RatchetError } from '../../domain/failure.js';
import { lastLine } from '../../domain/job-words.js';
import { jobPaths } from './job-folder.js';
import { readJobLog } from './job-log.js';

const claimMsMax = 30_000;

/**
 * Starts a job's supervisor as a process that outlives this one, and returns once the job is claimed, by it or by another.
 * @throws {RatchetError} Unexpected: it could not start
 */
export async function startSupervisor(folder: string, environment: Record<string, string>, signal: AbortSignal): Promise<void> {
  const paths = jobPaths(folder);
  const log = openSync(paths.supervisorLog, 'a');
  const [file, ...args] = supervisorCommand();
  const child = spawn(file, [...args, folder], { cwd: folder, env: environment, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  let ended = false;
  let fault = '';
  child.on('error', (error) => ([ended, fault] = [true, error.message]));
  child.on('exit', () => (ended = true));
  const untilMs = performance.now() + claimMsMax;
  while (!existsSync(paths.claim) && !existsSync(paths.exit)) {
    if (ended || performance.now() > untilMs) {
      if (existsSync(paths.claim) || existsSync(paths.exit)) return;
      const words = fault || lastLine(readJobLog(paths.supervisorLog, 4096)) || `no claim within ${claimMsMax} ms`;
      throw new RatchetError('Unexpected', `job folder ${folder}: expected its supervisor to start, found: ${words}`);
    }
    signal.throwIfAborted();
    await sleep(10);
  }
}

/** The built file, or in a clone that runs from its sources the source itself through tsx. */
function supervisorCommand(): [string, ...string[]] {
  if (import.meta.url.endsWith('.js')) return [process.execPath, fileURLToPath(new URL('job-supervisor.js', import.meta.url))];
  const source = fileURLToPath(new URL('job-supervisor.ts', import.meta.url));
  return [process.execPath, '--import', createRequire(import.meta.url).resolve('tsx'), source];
}
