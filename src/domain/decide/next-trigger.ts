import type { Trigger, TriggersSpec } from '../trigger.js';

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
}

export interface DroppedTrigger {
  readonly trigger: Trigger;
  readonly reason: string;
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
}

/** People, and CI on their behalf, wait for an answer: their triggers are never dropped and never cooled down. */
function asksForPerson(trigger: Trigger): boolean {
  return trigger.kind === 'person' || trigger.kind === 'ci';
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
    return { queue, seenKeys: remembered, refusal: `${queue.length} triggers are waiting already` };
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
 * People's triggers start first and in order. A machine's trigger that may not start now (an open cycle, a pause, the
 * cooldown, the budget of the day) obeys `overlap`: skip drops it, bufferOne keeps the oldest and lets the others join it
 * (the cycle takes the newest data when it starts), bufferAll keeps all.
 */
export function nextTrigger(queue: readonly QueuedTrigger[], spec: TriggersSpec, facts: TriggerFacts): NextTrigger {
  const people = queue.filter((queued) => asksForPerson(queued.trigger));
  const machines = queue.filter((queued) => !asksForPerson(queued.trigger));
  const busy = busyReason(facts);
  const hold = busy === null ? machineHold(spec, facts) : { reason: busy, untilMs: null };

  const starting = busy !== null ? undefined : (people[0] ?? (hold === null ? machines[0] : undefined));
  const held = machines.filter((queued) => queued !== starting);
  const reason = starting === undefined ? (hold?.reason ?? '') : `cycle for ${starting.trigger.key} starts first`;
  const { kept, dropped } = holdMachines(held, spec.overlap, reason);
  const rest = new Set([...people.filter((queued) => queued !== starting), ...kept]);
  return {
    next:
      starting === undefined
        ? { kind: 'wait', untilMs: kept.length > 0 ? (hold?.untilMs ?? null) : null }
        : { kind: 'start', trigger: starting.trigger },
    queue: queue.filter((queued) => rest.has(queued)),
    dropped,
  };
}

/** What keeps everybody waiting. */
function busyReason(facts: TriggerFacts): string | null {
  if (facts.openCycle !== null) return `cycle ${facts.openCycle} is open`;
  return facts.paused ? 'the model is paused' : null;
}

/** What keeps only machines waiting, and until when. Times ahead of now come from a clock that jumped: they count as now. */
function machineHold(spec: TriggersSpec, facts: TriggerFacts): { reason: string; untilMs: number } | null {
  const { nowMs, lastCycleEndedAtMs } = facts;
  const cooledAtMs = lastCycleEndedAtMs === null ? nowMs : Math.min(lastCycleEndedAtMs, nowMs) + spec.cooldownMinutes * MS_PER_MINUTE;
  const starts = facts.cycleStartsMs
    .map((startMs) => Math.min(startMs, nowMs))
    .filter((startMs) => nowMs - startMs < MS_PER_DAY)
    .sort((a, b) => a - b);
  const excess = starts[starts.length - spec.cyclesPerDayMax];
  const budgetAtMs = excess === undefined ? nowMs : excess + MS_PER_DAY;
  if (budgetAtMs > nowMs && budgetAtMs >= cooledAtMs) {
    return { reason: `${starts.length} cycles in 24 hours, at most ${spec.cyclesPerDayMax} are allowed`, untilMs: budgetAtMs };
  }
  if (cooledAtMs > nowMs) return { reason: `cooling down for ${spec.cooldownMinutes} minutes after the last cycle`, untilMs: cooledAtMs };
  return null;
}

function holdMachines(
  held: readonly QueuedTrigger[],
  overlap: TriggersSpec['overlap'],
  reason: string,
): { kept: readonly QueuedTrigger[]; dropped: DroppedTrigger[] } {
  if (overlap === 'bufferAll') return { kept: held, dropped: [] };
  const kept = overlap === 'bufferOne' ? held.slice(0, 1) : [];
  const dropped = held.slice(kept.length).map(({ trigger }) => ({
    trigger,
    reason:
      kept[0] === undefined
        ? `${reason}, and overlap is skip`
        : `${reason}, and ${kept[0].trigger.key} waits already: it takes the newest data`,
  }));
  return { kept, dropped };
}
