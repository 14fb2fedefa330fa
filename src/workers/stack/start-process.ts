import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

export interface ProcessPlan {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the process: secrets travel here, never in `args`. */
  readonly environment: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly stopGraceMs: number;
  /** Opens a channel for messages; a process that listens to it notices when we die. */
  readonly withChannel?: boolean;
}

export interface StartedProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts a process in a group of its own, so that Ctrl-C in the terminal reaches the supervisor alone and it decides the
 * order in which they end.
 * @throws {Error} the command cannot be started
 */
export async function startProcess(plan: ProcessPlan): Promise<StartedProcess> {
  mkdirSync(dirname(plan.logFile), { recursive: true });
  const log = openSync(plan.logFile, 'a', 0o600);
  const child = spawn(plan.command, plan.args, {
    env: plan.environment,
    detached: true,
    stdio: plan.withChannel ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
  });
  closeSync(log);
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `killed by ${signal}` : `exit code ${code}`));
  });
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  return { pid: child.pid!, child, exited, stop: () => stopChild(child, exited, plan.stopGraceMs) };
}

/** SIGTERM, and after the grace time SIGKILL to its whole group. */
async function stopChild(child: ChildProcess, exited: Promise<string>, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => killGroup(child.pid!), graceMs);
  await exited;
  clearTimeout(timer);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it ended meanwhile
  }
}
