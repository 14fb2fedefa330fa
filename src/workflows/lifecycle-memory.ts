import { enqueueTrigger, type DroppedTrigger, type QueuedTrigger } from '../domain/decide/next-trigger.js';
import type { Trigger } from '../domain/trigger.js';
import type { CarriedLifecycle, SeenKey } from './messages.js';

const DAY_MS = 86_400_000;

/** A thousand reasons travel with the workflow's state. */
const REASON_MAX = 500;

export type LifecycleMemory = ReturnType<typeof createLifecycleMemory>;

/** What the lifecycle carries over continue-as-new: wishes that wait, and wishes that were known. */
export function createLifecycleMemory(carried: CarriedLifecycle | undefined) {
  let queue: readonly QueuedTrigger[] = carried?.queue ?? [];
  let seenKeys: readonly SeenKey[] = carried?.seenKeys ?? [];
  let startedAtMs: readonly number[] = carried?.startedAtMs ?? [];
  let lastCycleEndedAtMs: number | null = carried?.lastCycleEndedAtMs ?? null;
  let firingsMs: readonly number[] = carried?.firingsMs ?? [];

  return {
    queue: () => queue,
    seenKeys: () => seenKeys,
    startedAtMs: () => startedAtMs,
    lastCycleEndedAtMs: () => lastCycleEndedAtMs,
    firingsMs: () => firingsMs,
    isKnown: (key: string): boolean => seenKeys.some((seen) => seen.key === key),
    carry: (): CarriedLifecycle => ({ queue, seenKeys, startedAtMs, lastCycleEndedAtMs, firingsMs }),

    /** @returns why it was not queued; null: it was */
    remember(trigger: Trigger, nowMs: number): string | null {
      const next = enqueueTrigger(queue, seenKeys, trigger, nowMs);
      const known = new Map(seenKeys.map((seen) => [seen.key, seen]));
      queue = next.queue;
      seenKeys = next.seenKeys.map((seen) => known.get(seen.key) ?? { ...seen, cycle: null });
      return next.refusal;
    },

    keep(next: readonly QueuedTrigger[], dropped: readonly DroppedTrigger[], fired: readonly number[] = []): void {
      queue = next;
      firingsMs = fired;
      for (const { trigger, reason } of dropped) note(trigger.key, { dropped: reason });
    },

    started(trigger: Trigger, cycle: number, nowMs: number): void {
      note(trigger.key, { cycle });
      startedAtMs = [...startedAtMs.filter((atMs) => nowMs - atMs < DAY_MS), nowMs];
    },

    dropped(trigger: Trigger, reason: string): void {
      note(trigger.key, { dropped: reason });
    },

    /** Who signals gets no answer: why nothing will come of it stands with its key. */
    refused({ key }: Trigger, reason: string, nowMs: number): void {
      if (seenKeys.some((seen) => seen.key === key)) return;
      seenKeys = [...seenKeys, { key, atMs: nowMs, cycle: null }];
      note(key, { dropped: reason });
    },

    ended(nowMs: number): void {
      lastCycleEndedAtMs = nowMs;
    },
  };

  function note(key: string, { dropped, ...change }: Partial<SeenKey>): void {
    const short = dropped === undefined ? {} : { dropped: dropped.slice(0, REASON_MAX) };
    seenKeys = seenKeys.map((seen) => (seen.key === key ? { ...seen, ...change, ...short } : seen));
  }
}
