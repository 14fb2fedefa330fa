/**
 * Runs one job to its end: `node job-supervisor.js <job folder>`. A process of its own, in its own session, so that the job
 * outlives the worker; whatever happens it leaves one exit.json, or a dead claim that tells as much.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { judgeEnd } from '../../domain/job-ending.js';
import type { CommandEnd } from '../../domain/job-ending.js';
import { commandEnvironment } from './job-environment.js';
import { createWhole, findOutputFault, jobPaths, readEnding, readOrder } from './job-folder.js';
import type { JobOrder } from './job-folder.js';
import { complain, leaveLastWord } from './job-last-word.js';
import { openJobLog } from './job-log.js';
import { hideSecrets } from './job-secrets.js';
import { groupMemoryBytes, kernelOomKills, killMarked, signalGroup } from './process-group.js';
import { identify, processStart } from './process-identity.js';

const tickMs = 250;
const mebibyte = 2 ** 20;

const [, , folder] = process.argv;
if (folder === undefined) {
  process.stderr.write('usage: job-supervisor <job folder>\n');
  process.exit(64);
}
await superviseJob(folder);
process.exit(0); // a process that left the session may still hold our end of its pipe

async function superviseJob(folder: string): Promise<void> {
  const paths = jobPaths(folder);
  const order = readOrder(folder);
  if (!order) throw new Error(`${paths.spec}: expected the job's specification, found nothing`);
  if (!createWhole(folder, paths.claim, identify(process.pid)) || readEnding(folder)) return; // somebody else's
  const startedAt = new Date().toISOString();
  if (existsSync(paths.stop)) {
    const failure = { type: 'JobStopped' as const, message: 'stopped before it started', logTail: '' };
    await leaveLastWord(folder, { failure, startedAt: null, endedAt: startedAt, exitCode: null, signal: null, memoryMiBMax: null });
    return;
  }
  const end = await runCommand(folder, order);
  const verdict = 'spawnFault' in end ? { type: 'JobFailed' as const, message: end.spawnFault } : judgeEnd(end);
  const failure = verdict && { ...verdict, logTail: 'spawnFault' in end ? '' : end.logTail };
  const seen = 'spawnFault' in end ? { exitCode: null, signal: null, memoryMiBMax: null } : end;
  const { exitCode, signal, memoryMiBMax } = seen;
  await leaveLastWord(folder, { failure, startedAt, endedAt: new Date().toISOString(), exitCode, signal, memoryMiBMax });
  if (!failure) rmSync(paths.work, { recursive: true, force: true }); // what it needed is in the object store
}

async function runCommand(folder: string, order: JobOrder): Promise<CommandEnd | { spawnFault: string }> {
  const { spec, graceMs } = order;
  const paths = jobPaths(folder);
  const [file, ...args] = spec.command as [string, ...string[]];
  const startMs = performance.now(); // monotonic: a clock that jumps ends no job
  const oomKillsBefore = kernelOomKills();
  const log = openJobLog(paths.log);
  const environment = commandEnvironment(process.env, folder, spec);
  if (environment.RATCHET_CHECKPOINTS !== undefined) mkdirSync(environment.RATCHET_CHECKPOINTS, { recursive: true });

  const started: { group?: number } = {};
  let endedFor: CommandEnd['endedFor'] = null;
  const signalCommand = (signal: NodeJS.Signals) => started.group !== undefined && signalGroup(started.group, signal);
  const endFor = (reason: NonNullable<CommandEnd['endedFor']>) => {
    if (endedFor) return;
    endedFor = reason;
    signalCommand(reason === 'memoryLimit' ? 'SIGKILL' : 'SIGTERM');
    setTimeout(() => signalCommand('SIGKILL'), graceMs).unref();
  };
  // Before there is a command: whoever is asked to end in between must not leave it running.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => endFor('shutdown'));
  const child = spawn(file, args, { cwd: paths.work, env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.on('data', (chunk: Buffer) => log.write(chunk, 'stdout'));
  child.stderr.on('data', (chunk: Buffer) => log.write(chunk, 'stderr'));
  const ended = commandEnd(child);
  const leader = child.pid;
  if (leader === undefined)
    return { spawnFault: `command ${JSON.stringify(file)}: expected a program in PATH, found ${await ended.fault}` };
  started.group = leader;
  process.on('exit', () => signalCommand('SIGKILL')); // also where we ourselves go wrong
  noteCommand(folder, leader);

  let memoryBytesMax = 0;
  const memoryBytesLimit = spec.resources.memoryMiB * mebibyte;
  const tick = setInterval(() => {
    memoryBytesMax = Math.max(memoryBytesMax, groupMemoryBytes(leader, memoryBytesLimit));
    if (memoryBytesMax > memoryBytesLimit) endFor('memoryLimit');
    else if (existsSync(paths.stop)) endFor('stopRequest');
    else if (performance.now() - startMs > spec.timeLimitSeconds * 1000) endFor('timeLimit');
    if (!existsSync(paths.spec)) signalCommand('SIGKILL'); // the folder was deleted: nobody wants this any more
  }, tickMs);

  const { exitCode, signal } = await ended.exit;
  clearInterval(tick);
  signalCommand('SIGKILL'); // what the command left behind
  killMarked(`RATCHET_OUTPUT=${paths.output}`);
  await Promise.race([ended.close, sleep(2000, undefined, { ref: false })]); // its last words
  log.close();
  return {
    exitCode,
    signal,
    endedFor,
    outputFault: findOutputFault(paths.output),
    memoryMiBMax: Math.ceil(memoryBytesMax / mebibyte), // up: what went beyond a limit must not read as equal to it
    memoryMiBLimit: spec.resources.memoryMiB,
    timeLimitSeconds: spec.timeLimitSeconds,
    kernelOom: (kernelOomKills() ?? 0) > (oomKillsBefore ?? 0),
    logTail: hideSecrets(log.tail(), environment),
    errorTail: hideSecrets(log.errorTail(), environment),
  };
}

/** For whoever finds us dead; without room on the disk they must find the command by its environment. */
function noteCommand(folder: string, pid: number): void {
  const start = processStart(pid);
  try {
    if (start !== null) createWhole(folder, jobPaths(folder).command, { pid, start });
  } catch (error) {
    complain(error);
  }
}

function commandEnd(child: ChildProcess) {
  return {
    exit: new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve) =>
      child.on('exit', (exitCode, signal) => resolve({ exitCode, signal })),
    ),
    close: new Promise<void>((resolve) => child.on('close', () => resolve())),
    fault: new Promise<string>((resolve) => child.on('error', (error) => resolve(error.message))),
  };
}
