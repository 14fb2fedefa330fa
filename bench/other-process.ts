import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100; // of Linux, on every machine that Node runs on

/** Resident memory and processor time of another process, as the kernel counts them. */
export function usageOf(pid: number): { readonly mib: number; readonly cpuSeconds: number } {
  const [status, stat] = ['status', 'stat'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8')) as [string, string];
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).map(Number) as [number, number];
  const mib = Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024);
  return { mib, cpuSeconds: (user + system) / TICKS_PER_SECOND };
}

/** Ends a forked process, which goes when nobody can tell it anything any more. */
export async function endForked(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.disconnect();
  await once(child, 'exit');
}
