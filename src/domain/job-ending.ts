import { FAILURE_CLASS, isFailureType } from './failure.js';
import { lastLine } from './job-words.js';
import type { JobFailureType } from './job.js';

/** How a command came to its end, as its supervisor saw it. */
export interface CommandEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why the supervisor ended it; null where it ended by itself. */
  readonly endedFor: 'timeLimit' | 'memoryLimit' | 'stopRequest' | 'shutdown' | null;
  /** What is wrong with the result file; null where it is there and is JSON. */
  readonly outputFault: string | null;
  readonly memoryMiBMax: number;
  readonly memoryMiBLimit: number;
  readonly timeLimitSeconds: number;
  /** The kernel ended some process for lack of memory while the command ran. */
  readonly kernelOom: boolean;
  readonly logTail: string;
  readonly errorTail: string;
}

/** What the end of a command means; null where it succeeded. Pure. */
export function judgeEnd(end: CommandEnd): { type: JobFailureType; message: string } | null {
  const said = lastLine(end.errorTail).slice(0, 1000) || lastLine(end.logTail).slice(0, 1000);
  const withWords = (message: string) => (said ? `${message}: ${said}` : message);
  if (end.endedFor) return judgeEnded(end);
  if (end.signal === 'SIGKILL' || end.exitCode === 137) {
    if (end.exitCode === 137 || end.kernelOom || end.memoryMiBMax >= 0.9 * end.memoryMiBLimit)
      return {
        type: 'JobOutOfMemory',
        message: `killed, most likely for memory: it used ${end.memoryMiBMax} MiB, allowed are ${end.memoryMiBLimit}`,
      };
    return { type: 'JobLost', message: 'its process was killed (SIGKILL) by somebody else' };
  }
  if (end.signal === 'SIGTERM' || end.exitCode === 143)
    return { type: 'JobLost', message: 'its process was asked to end (SIGTERM) by somebody else' };
  if (end.signal) return { type: 'JobFailed', message: withWords(`ended by ${end.signal}`) };
  if (end.exitCode === 0) {
    return end.outputFault === null ? null : { type: 'JobOutputMissing', message: `exit code 0, but ${end.outputFault}` };
  }
  if (end.exitCode === 64)
    return {
      type: named(said, 'invalid') ?? named(said, 'rejected') ?? 'InputInvalid',
      message: withoutName(said) || 'exit code 64: the input is wrong',
    };
  if (end.exitCode === 75)
    return { type: named(said, 'transient') ?? 'JobTemporary', message: withoutName(said) || 'exit code 75: temporary' };
  if (/No space left on device|ENOSPC|Disk quota exceeded/.test(end.errorTail))
    return { type: 'JobTemporary', message: withWords(`the disk is full (exit code ${end.exitCode})`) };
  if (/MemoryError|bad_alloc/.test(said)) return { type: 'JobOutOfMemory', message: withWords(`exit code ${end.exitCode}`) };
  return { type: 'JobFailed', message: withWords(`exit code ${end.exitCode}`) };
}

function judgeEnded({ endedFor, memoryMiBMax, memoryMiBLimit, timeLimitSeconds }: CommandEnd): { type: JobFailureType; message: string } {
  switch (endedFor) {
    case 'timeLimit':
      return { type: 'JobTimedOut', message: `expected to end within ${timeLimitSeconds} s, found it still running` };
    case 'memoryLimit':
      return { type: 'JobOutOfMemory', message: `expected at most ${memoryMiBLimit} MiB of memory, found ${memoryMiBMax} MiB in use` };
    case 'stopRequest':
      return { type: 'JobStopped', message: 'stopped on request' };
    default:
      return { type: 'JobLost', message: 'its supervisor was asked to end: this machine or its session is shutting down' };
  }
}

/** The failure that a step names at the start of its last line: `WindowEmpty: no rows between …`. */
function named(line: string, failureClass: 'invalid' | 'transient' | 'rejected'): JobFailureType | null {
  const name = /^([A-Za-z]+):/.exec(line)?.[1];
  return isFailureType(name) && FAILURE_CLASS[name] === failureClass ? name : null;
}

function withoutName(line: string): string {
  const name = /^([A-Za-z]+): /.exec(line)?.[1];
  return isFailureType(name) ? line.slice(name.length + 2) : line;
}
