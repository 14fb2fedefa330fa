import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process for good: its number alone is given to another one after its end or a restart of the machine. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal only for the same process of the same boot. */
  readonly start: string;
}

/** Whether this very process still runs (a zombie does not). */
export function isRunning({ pid, start }: ProcessIdentity): boolean {
  return processStart(pid) === start;
}

/** The identity of a running process. @throws {Error} there is none with this number */
export function identify(pid: number): ProcessIdentity {
  const start = processStart(pid);
  if (start === null) throw new Error(`process ${pid}: expected a running one, found none`);
  return { pid, start };
}

/** null where no such process runs. Cheap on Linux (one small file); starts `ps` on other systems. */
export function processStart(pid: number): string | null {
  return process.platform === 'linux' ? linuxStart(pid) : psStart(pid);
}

/** Changes with every boot of the machine; constant where it cannot be read. */
export function bootId(): string {
  return (boot ??= process.platform === 'linux' ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() : 'boot');
}
let boot: string | undefined;

/** The fields of /proc/<pid>/stat after the command's name, which may itself hold blanks and parentheses. */
export function linuxStat(pid: number | string): string[] | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null; // ended
  }
}

function linuxStart(pid: number): string | null {
  const fields = linuxStat(pid);
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return null;
  return `${bootId()}/${fields[19]}`;
}

function psStart(pid: number): string | null {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const [, state, start] = /^\s*(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    return state === undefined || start === undefined || state.startsWith('Z') ? null : `${bootId()}/${start}`;
  } catch {
    return null; // ps exits with 1 where there is no such process
  }
}
