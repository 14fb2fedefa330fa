import type { CycleUsage } from '../cycle-usage.js';
import type { LedgerRecord } from '../ledger.js';
import type { MonitoredWindow } from '../monitoring.js';
import type { TriggerKind } from '../trigger.js';

/** What past cycles did, by the ledger: what machines are held back by. */
export interface CyclePace {
  readonly starts: readonly { readonly atMs: number; readonly kind: TriggerKind }[];
  readonly ends: readonly { readonly atMs: number; readonly kind: TriggerKind | null }[];
  /** What the cycles that began, and the windows that were looked at, this month reserved so far. */
  readonly cpuSeconds: number;
  readonly gpuSeconds: number;
}

/** The first instant of the calendar month, UTC, and of the next one. */
export function monthOf(nowMs: number): { readonly startMs: number; readonly endMs: number } {
  const now = new Date(nowMs);
  return { startMs: Date.UTC(now.getUTCFullYear(), now.getUTCMonth()), endMs: Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1) };
}

/** What monitoring used for one window. */
export type WindowUsage = Pick<MonitoredWindow, 'window' | 'cpuSeconds'>;

/** Reads the pace out of records (in order, as far back as matters), and of what their cycles and monitoring used. Pure. */
export function paceOf(
  records: readonly LedgerRecord[],
  usages: readonly CycleUsage[],
  nowMs: number,
  windows: readonly WindowUsage[] = [],
): CyclePace {
  const kinds = new Map<number, TriggerKind>();
  const starts: { atMs: number; kind: TriggerKind; cycle: number }[] = [];
  const ends: { atMs: number; kind: TriggerKind | null }[] = [];
  for (const { seq, at, body } of records) {
    if (body.kind === 'cycle-started') {
      kinds.set(seq, body.trigger.kind);
      starts.push({ atMs: Date.parse(at), kind: body.trigger.kind, cycle: seq });
    }
    if (body.kind === 'cycle-ended') ends.push({ atMs: Date.parse(at), kind: kinds.get(body.cycle) ?? null });
  }
  const { startMs } = monthOf(nowMs);
  const ofMonth = new Set(starts.filter(({ atMs }) => atMs >= startMs).map(({ cycle }) => cycle));
  const monitored = windows.filter(({ window }) => Date.parse(window.end) >= startMs);
  const spent = usages.filter(({ cycle }) => ofMonth.has(cycle));
  return {
    starts: starts.map(({ atMs, kind }) => ({ atMs, kind })),
    ends,
    cpuSeconds: [...spent, ...monitored].reduce((sum, { cpuSeconds = 0 }) => sum + cpuSeconds, 0),
    gpuSeconds: spent.reduce((sum, { gpuSeconds }) => sum + gpuSeconds, 0),
  };
}
