import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLine } from '../../../domain/job-words.js';
import { readJobLog } from '../job-log.js';
import { isFree } from './loopback-port.js';
import { signalGroup } from '../process-group.js';
import { isRunning, processStart } from '../process-identity.js';
import type { ProcessIdentity } from '../process-identity.js';

const stopMsMax = 10_000;

/** How a server is started. Secrets travel in `environment`, never in `args`. */
export interface ServerPlan {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Whether it answers. Asked again and again until it does. */
  isHealthy(): Promise<boolean>;
  readonly startMsMax: number;
  /** Told as soon as there is a process, long before it answers: so that somebody else can end it where we are killed. */
  readonly onSpawn?: (process: ProcessIdentity) => void;
}

export interface RunningServer {
  readonly process: ProcessIdentity;
  readonly pid: number;
  /** host:port, loopback. */
  readonly address: string;
  /** How it ended, in words: "exit code 1", "killed by SIGKILL". */
  readonly exited: Promise<string>;
  /** SIGTERM, after 10 s SIGKILL; returns when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a server in a process group of its own and waits until it answers.
 *
 * @param outlives true: this process may end before it
 * @throws {Error} the port is taken; it ended or did not answer in time, with its last line
 */
export async function startServer(plan: ServerPlan, address: string, outlives = false): Promise<RunningServer> {
  await refuseTaken(plan.name, address);
  mkdirSync(dirname(plan.logFile), { recursive: true });
  const log = openSync(plan.logFile, 'a', 0o600);
  const child = spawn(plan.command, plan.args, { env: plan.environment, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  if (outlives) child.unref();
  if (child.pid !== undefined) plan.onSpawn?.({ pid: child.pid, start: processStart(child.pid) ?? '' });
  let ending: string | undefined;
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve((ending = signal ? `killed by ${signal}` : `exit code ${code}`)));
    child.once('error', (error) => resolve((ending = error.message)));
  });
  const untilMs = performance.now() + plan.startMsMax;
  while (!(await plan.isHealthy())) {
    if (ending === undefined && performance.now() < untilMs) await sleep(50);
    else {
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
      const how = ending ?? `no answer within ${plan.startMsMax / 1000} s`;
      throw new Error(
        `${plan.name}: expected it to start on ${address}, found ${how}: ${lastLine(readJobLog(plan.logFile, 4096)) || 'it said nothing'} (log: ${plan.logFile})`,
      );
    }
  }
  const pid = child.pid!;
  const identity = { pid, start: processStart(pid) ?? '' };
  if (ending !== undefined)
    throw new Error(`${plan.name}: ${address} answers, but it is another server: ours ended with ${ending} (log: ${plan.logFile})`);
  return { process: identity, pid, address, exited, stop: () => stopServer(identity) };
}

/** Else whoever listens there would answer for the server that is being started. What listens nowhere has no port in its address. */
async function refuseTaken(name: string, address: string): Promise<void> {
  const port = /:(\d+)$/.exec(address)?.[1];
  if (port === undefined || (await isFree(Number(port)))) return;
  throw new Error(`${name}: expected a free port at ${address}, found another server: end it, or name another port`);
}

/** Ends a server that this or an earlier process started; a number that was given to another process is left alone. */
export async function stopServer(identity: ProcessIdentity, graceMs = stopMsMax): Promise<void> {
  if (!isRunning(identity)) return;
  signalGroup(identity.pid, 'SIGTERM');
  const killMs = performance.now() + graceMs;
  while (isRunning(identity)) {
    if (performance.now() > killMs) signalGroup(identity.pid, 'SIGKILL');
    await sleep(20);
  }
}

/** What a server of ours may see of our environment. */
export function serverEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'TZ', 'TMPDIR'];
  return Object.fromEntries(names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
}
