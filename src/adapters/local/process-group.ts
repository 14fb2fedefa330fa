import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { bootId, isRunning, linuxStat, processStart } from './process-identity.js';
import type { ProcessIdentity } from './process-identity.js';

/** Signals every process of a group; false where none is left. */
export function signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-groupId, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends what is left of a group whose supervisor died, without ever hitting a group that only got the same number: the
 * leader must be the same process, or be gone while its group lives on (its number is then not given away).
 */
export function killAbandonedGroup(leader: ProcessIdentity): boolean {
  const found = processStart(leader.pid);
  const ours = found === null ? leader.start.startsWith(`${bootId()}/`) : isRunning(leader);
  return ours && signalGroup(leader.pid, 'SIGKILL');
}

/**
 * Ends every process that carries this setting in its environment, also those that left the group; nothing where the
 * system does not show environments (macOS).
 *
 * @param setting `NAME=value`
 */
export function killMarked(setting: string): void {
  if (process.platform !== 'linux') return;
  for (const pid of linuxPids()) {
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      if (variables.includes(setting)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // ended meanwhile, or another user's
    }
  }
}

/**
 * Memory in use by a process group and by those that left it for a group of their own within its session.
 *
 * @returns bytes; resident, or where that sum exceeds `exactAbove` and the system tells: proportional, so that pages shared
 * between forked workers count once
 */
export function groupMemoryBytes(groupId: number, exactAbove: number): number {
  if (process.platform !== 'linux') return psMemoryBytes(groupId);
  const members = linuxMembers(groupId);
  const resident = members.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
  if (resident <= exactAbove || members.length < 2) return resident;
  return members.reduce((sum, { pid, residentBytes }) => sum + (proportionalBytes(pid) ?? residentBytes), 0);
}

/** 4 KiB nearly everywhere, 16 or 64 KiB on some arm64 kernels. */
function pageBytes(): number {
  return (page ??= Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' })) || 4096);
}
let page: number | undefined;

function linuxMembers(groupId: number): { pid: string; residentBytes: number }[] {
  const id = String(groupId);
  return linuxPids().flatMap((pid) => {
    const fields = linuxStat(pid);
    return fields && (fields[2] === id || fields[3] === id) ? [{ pid, residentBytes: Number(fields[21]) * pageBytes() }] : [];
  });
}

function linuxPids(): string[] {
  return readdirSync('/proc').filter((name) => name.charCodeAt(0) <= 57);
}

function proportionalBytes(pid: string): number | null {
  try {
    const kib = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    return null;
  }
}

function psMemoryBytes(groupId: number): number {
  try {
    const lines = execFileSync('ps', ['-axo', 'pgid=,rss='], { encoding: 'utf8', maxBuffer: 2 ** 24 }).split('\n');
    const rows = lines.map((line) => line.trim().split(/\s+/).map(Number));
    return rows.reduce((sum, [group, kib]) => sum + (group === groupId ? (kib ?? 0) * 1024 : 0), 0);
  } catch {
    return 0;
  }
}

/** How often the kernel has ended processes for lack of memory since boot; null where it does not tell. */
export function kernelOomKills(): number | null {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
    return count === undefined ? null : Number(count);
  } catch {
    return null;
  }
}
