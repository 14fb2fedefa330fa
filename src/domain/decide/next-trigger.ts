import type { Trigger, TriggersSpec } from '../trigger.js';
import { longest, machineHolds, type Hold, type HoldCause, type MachineHolds } from './machine-holds.js';
import { settleFirings } from './settle-firings.js';

const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = 86_400_000;

/** Keys are remembered this long and up to this many, so that the same wish is known again after continue-as-new. */
const SEEN_MS = 7 * MS_PER_DAY;
const SEEN_MAX = 1000;

/** More waiting triggers than this are refused: the queue travels with the workflow's state, which has a greatest size. */
const MACHINE_QUEUE_MAX = 100;
const QUEUE_MAX = 300;

export interface QueuedTrigger {
  readonly trigger: Trigger;
  /** Milliseconds since 1970. */
  readonly arrivedAtMs: number;
  /** Enough fired before it: it is a wish like any other, however long it waits. */
  readonly isFirm?: true;
}

export interface SeenKey {
  readonly key: string;
  readonly atMs: number;
}

export interface TriggerFacts {
  /** The open cycle's number; null: none is open. */
  readonly openCycle: number | null;
  readonly paused: boolean;
  readonly lastCycleEndedAtMs: number | null;
  /** Starts of cycles, whoever asked for them; older ones than 24 hours do no harm. */
  readonly cycleStartsMs: readonly number[];
  readonly nowMs: number;
  /** What holds machines back, by the ledger; absent: only what the two fields above say. */
  readonly holds?: MachineHolds;
  /** When webhooks asked that were too few to start anything, in order; absent: none did. */
  readonly firingsMs?: readonly number[];
}

/** What of the spec decides here; absent policies: a lifecycle whose history is older than they are. */
export type TriggerRules = Pick<TriggersSpec, 'overlap' | 'cooldownMinutes' | 'cyclesPerDayMax'> & Partial<Pick<TriggersSpec, 'policies'>>;

/** Why nothing came of a trigger, for counting. coalesced: another one waits, and takes the newest data for both. */
export type DropCause = 'openCycle' | 'paused' | 'anotherFirst' | 'coalesced' | 'hysteresis' | HoldCause;

export interface DroppedTrigger {
  readonly trigger: Trigger;
  readonly reason: string;
  readonly cause: DropCause;
}

export type NextStep =
  | { readonly kind: 'start'; readonly trigger: Trigger }
  /** Look again at `untilMs`; null: only when something happens (a trigger, a cycle's end, a resume). */
  | { readonly kind: 'wait'; readonly untilMs: number | null };

export interface NextTrigger {
  readonly next: NextStep;
  /** What still waits. */
  readonly queue: readonly QueuedTrigger[];
  /** Triggers that will never start, with the reason for the record. */
  readonly dropped: readonly DroppedTrigger[];
  /** To be told the next time. */
  readonly firingsMs: readonly number[];
}

/** People, and CI on their behalf, wait for an answer: their triggers are never dropped and never cooled down. */
function asksForPerson(trigger: Trigger): boolean {
  return trigger.kind === 'person' || trigger.kind === 'ci';
}

export function hasMachines(queue: readonly QueuedTrigger[]): boolean {
  return queue.some((queued) => !asksForPerson(queued.trigger));
}

/**
 * Puts a trigger at the end of the queue, unless its key was seen in the last seven days.
 * `refusal` says why it was not queued; null: it was.
 */
export function enqueueTrigger(
  queue: readonly QueuedTrigger[],
  seenKeys: readonly SeenKey[],
  trigger: Trigger,
  nowMs: number,
): { readonly queue: readonly QueuedTrigger[]; readonly seenKeys: readonly SeenKey[]; readonly refusal: string | null } {
  const remembered = seenKeys.filter((seen) => nowMs - seen.atMs < SEEN_MS).slice(-(SEEN_MAX - 1));
  if (remembered.some((seen) => seen.key === trigger.key)) {
    return { queue, seenKeys: remembered, refusal: `the trigger ${trigger.key} was seen before: the same key is the same wish` };
  }
  const machines = queue.filter((queued) => !asksForPerson(queued.trigger)).length;
  if (queue.length >= QUEUE_MAX || (!asksForPerson(trigger) && machines >= MACHINE_QUEUE_MAX)) {
    return { queue, seenKeys: remembered, refusal: `${queue.length} triggers are waiting already, more are not kept` };
  }
  return {
    queue: [...queue, { trigger, arrivedAtMs: nowMs }],
    seenKeys: [...remembered, { key: trigger.key, atMs: nowMs }],
    refusal: null,
  };
}

/**
 * Which trigger starts a cycle now, and what becomes of the others. Pure; the caller replaces its queue by `queue`.
 *
 * People's triggers start first and in order. A machine's trigger that may not start now (an open cycle, a pause, a
 * cooldown, a budget, quiet hours, others that may still join it) obeys `overlap`: skip drops it, bufferOne keeps the one that may
 * start soonest and lets the others join it (the cycle takes the newest data when it starts), bufferAll keeps all.
 */
export function nextTrigger(waiting: readonly QueuedTrigger[], spec: TriggerRules, facts: TriggerFacts): NextTrigger {
  const { queue, firingsMs, withheld } = settleFirings(waiting, facts.firingsMs ?? [], spec.policies?.webhook?.hysteresis);
  const people = queue.filter((queued) => asksForPerson(queued.trigger));
  const machines = queue.filter((queued) => !asksForPerson(queued.trigger));
  const busy = busyReason(facts);
  const holds = new Map(machines.map((queued) => [queued, holdOf(queued, spec, facts)]));

  const starting = busy !== null ? undefined : (people[0] ?? machines.find((queued) => holds.get(queued) === null));
  const held = machines.filter((queued) => queued !== starting).map((queued) => ({ queued, hold: holds.get(queued) ?? null }));
  const before: Before | null =
    busy === null
      ? starting === undefined
        ? null
        : { reason: `cycle for ${starting.trigger.key} starts first`, cause: 'anotherFirst' }
      : { reason: busy, cause: facts.openCycle === null ? 'paused' : 'openCycle' };
  const { kept, dropped } = holdMachines(held, spec.overlap, before);
  const rest = new Set([...people.filter((queued) => queued !== starting), ...kept.map(({ queued }) => queued)]);
  const untilMs = Math.min(...kept.map(({ hold }) => hold?.untilMs ?? Infinity));
  return {
    next:
      starting === undefined
        ? { kind: 'wait', untilMs: busy === null && Number.isFinite(untilMs) ? untilMs : null }
        : { kind: 'start', trigger: starting.trigger },
    queue: queue.filter((queued) => rest.has(queued)),
    dropped: [...withheld, ...dropped],
    firingsMs,
  };
}

/** What keeps everybody waiting. */
export function busyReason(facts: Pick<TriggerFacts, 'openCycle' | 'paused'>): string | null {
  if (facts.openCycle !== null) return `cycle ${facts.openCycle} is open`;
  return facts.paused ? 'the model is paused' : null;
}

/** What keeps this machine's trigger waiting, and until when, where nobody is in its way; null: nothing. */
export function holdOf({ trigger, arrivedAtMs }: QueuedTrigger, spec: TriggerRules, facts: TriggerFacts): Hold | null {
  const { all, kinds } = facts.holds ?? holdsByMemory(spec, facts);
  const { coalesceMinutes = 0 } = spec.policies?.[trigger.kind as keyof TriggersSpec['policies']] ?? {};
  const joinedAtMs = Math.min(arrivedAtMs, facts.nowMs) + coalesceMinutes * MS_PER_MINUTE;
  const joins = { reason: `others may join it for ${coalesceMinutes} minutes`, cause: 'coalescing' as const, untilMs: joinedAtMs };
  return longest([all, kinds[trigger.kind], joinedAtMs > facts.nowMs ? joins : null]);
}

function holdsByMemory(spec: TriggerRules, { cycleStartsMs, lastCycleEndedAtMs, nowMs }: TriggerFacts): MachineHolds {
  const pace = {
    starts: cycleStartsMs.map((atMs) => ({ atMs, kind: 'person' as const })),
    ends: lastCycleEndedAtMs === null ? [] : [{ atMs: lastCycleEndedAtMs, kind: null }],
    cpuSeconds: 0,
    gpuSeconds: 0,
  };
  return machineHolds({ ...spec, quietHours: [], budget: undefined, policies: {} }, pace, nowMs);
}

interface HeldTrigger {
  readonly queued: QueuedTrigger;
  readonly hold: Hold | null;
}

type Before = Pick<DroppedTrigger, 'reason' | 'cause'>;

/** @param before what is in the way of all of them; null: only each one's own hold */
function holdMachines(
  held: readonly HeldTrigger[],
  overlap: TriggersSpec['overlap'],
  before: Before | null,
): { kept: readonly HeldTrigger[]; dropped: DroppedTrigger[] } {
  if (overlap === 'bufferAll') return { kept: held, dropped: [] };
  // What joins a recalibration is only fitted to newer labels; what joins a training is trained on them.
  const trainings = held.filter(({ queued }) => queued.trigger.recipe === undefined);
  const soonest = (trainings.length > 0 ? trainings : held).reduce<HeldTrigger | null>(
    (best, one) => (best === null || freeAtMs(one) < freeAtMs(best) ? one : best),
    null,
  );
  const kept = overlap === 'bufferOne' && soonest !== null ? [soonest] : [];
  const dropped = held
    .filter((one) => one !== kept[0])
    .map(({ queued, hold }) => {
      const reason = before?.reason ?? hold?.reason ?? '';
      const why = kept[0] === undefined ? 'overlap is skip' : `${kept[0].queued.trigger.key} waits already: it takes the newest data`;
      // A hold out of a history that is older than causes has none: then others came first, as far as is known.
      const cause = kept[0] === undefined ? (before?.cause ?? hold?.cause ?? 'anotherFirst') : 'coalesced';
      return { trigger: queued.trigger, reason: `${reason}, and ${why}`, cause };
    });
  return { kept, dropped };
}

/** When its own hold ends; one that ends when something happens ends last. */
function freeAtMs({ hold }: HeldTrigger): number {
  return hold === null ? 0 : (hold.untilMs ?? Infinity);
}
