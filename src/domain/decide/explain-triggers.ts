import type { LedgerRecord } from '../ledger.js';
import type { TriggersSpec } from '../trigger.js';
import { paceOf, type CyclePace, type WindowUsage } from './cycle-pace.js';
import { machineHolds, spending, type Hold, type MachineHolds } from './machine-holds.js';
import { busyReason, holdOf, type QueuedTrigger } from './next-trigger.js';
import type { CycleUsage } from '../cycle-usage.js';

const DAY_MS = 86_400_000;
const DROPPED_MAX = 3;

/** What is known of a model’s wishes, by its ledger and its lifecycle. */
export interface TriggerHistory {
  readonly records: readonly LedgerRecord[];
  readonly usages: readonly CycleUsage[];
  /** What monitoring used. */
  readonly windows: readonly WindowUsage[];
  /** Of the spec in force; null: there is none. */
  readonly triggers: TriggersSpec | null;
  /** null: the lifecycle does not run. */
  readonly lifecycle: {
    readonly queue: readonly QueuedTrigger[];
    readonly seenKeys: readonly { readonly key: string; readonly atMs: number; readonly cycle: number | null; readonly dropped?: string }[];
    readonly trouble: string | null;
  } | null;
  /** What the newest scheduled window of monitoring led to; null: nothing was monitored. */
  readonly monitored: {
    readonly window: { readonly end: string };
    readonly answers: readonly { readonly action: string | null; readonly reason: string; readonly found: number }[];
  } | null;
  /** When the model’s schedule asks next; null: never. */
  readonly nextScheduledAt: string | null;
  /** When monitoring looks next by itself; null: never. */
  readonly nextMonitoredAt: string | null;
  readonly nowMs: number;
}

export interface TriggerExplanation {
  readonly lastCycle: { readonly cycle: number; readonly startedAt: string; readonly key: string; readonly outcome: string | null } | null;
  /** Wishes of which no cycle came, the newest first. */
  readonly dropped: readonly { readonly key: string; readonly at: string; readonly reason: string }[];
  readonly waiting: readonly { readonly key: string; readonly reason: string; readonly until: string | null }[];
  /** What holds machines back now, whether anything waits or not. */
  readonly holds: { readonly all: Hold | null; readonly kinds: MachineHolds['kinds'] };
  /** The same in words, in the order in which people ask. */
  readonly sentences: readonly string[];
}

/** Why the last cycle started, why what was wished for since then did not, and what the next one waits for. Pure. */
export function explainTriggers(history: TriggerHistory): TriggerExplanation {
  const { records, usages, windows, triggers, lifecycle, nowMs } = history;
  const after = records.at(-1)?.after;
  const busy = busyReason({ openCycle: after?.openCycle ?? null, paused: after?.paused ?? false });
  const pace = paceOf(records, usages, nowMs, windows);
  const holds: MachineHolds = triggers === null ? { all: null, kinds: {} } : machineHolds(triggers, pace, nowMs);
  const waiting = (lifecycle?.queue ?? []).map((queued) => ({ key: queued.trigger.key, ...waitOf(queued, history, busy, holds) }));
  const dropped = (lifecycle?.seenKeys ?? [])
    .filter((seen) => seen.dropped !== undefined)
    .sort((a, b) => b.atMs - a.atMs)
    .slice(0, DROPPED_MAX)
    .map(({ key, atMs, dropped: reason = '' }) => ({ key, at: iso(atMs), reason }));
  const last = lastCycle(records);
  return {
    lastCycle: last && { cycle: last.cycle, startedAt: last.startedAt, key: last.key, outcome: last.outcome },
    dropped,
    waiting,
    holds,
    sentences: [
      last === null ? 'No cycle has started yet.' : last.sentence,
      ...dropped.map(({ key, at, reason }) => `No cycle came of ${key}, asked at ${at}: ${reason}.`),
      ...waiting.map(({ key, reason, until }) => `${key} waits: ${reason}${until === null ? '' : `, until ${until}`}.`),
      ...(lifecycle === null ? ['Its lifecycle does not run: the next trigger, or `ratchet apply`, starts it.'] : []),
      ...(lifecycle?.trouble == null ? [] : [`Nothing can start: ${lifecycle.trouble}.`]),
      ...holdSentences(busy, holds),
      ...(triggers === null ? ['It has no spec in force.'] : spendingSentences(triggers, pace, nowMs)),
      ...nextSentences(history),
    ],
  };
}

/** As nextTrigger would say now. */
function waitOf(
  queued: QueuedTrigger,
  { triggers, lifecycle, nowMs }: TriggerHistory,
  busy: string | null,
  holds: MachineHolds,
): { reason: string; until: string | null } {
  const { kind } = queued.trigger;
  if (busy !== null) return { reason: busy, until: null };
  const facts = { openCycle: null, paused: false, lastCycleEndedAtMs: null, cycleStartsMs: [], nowMs, holds };
  const hold = kind === 'person' || kind === 'ci' || triggers === null ? null : holdOf(queued, triggers, facts);
  if (hold !== null) return { reason: hold.reason, until: hold.untilMs === null ? null : iso(hold.untilMs) };
  return { reason: lifecycle?.trouble ?? 'it starts next', until: null };
}

function lastCycle(records: readonly LedgerRecord[]) {
  const started = records.findLast(({ body }) => body.kind === 'cycle-started');
  if (started?.body.kind !== 'cycle-started') return null;
  const { seq: cycle, at: startedAt } = started;
  const { key, kind, requestedBy, reason, commit, recipe } = started.body.trigger;
  const ended = records.find(({ body }) => body.kind === 'cycle-ended' && body.cycle === cycle)?.body;
  const outcome = ended?.kind === 'cycle-ended' ? ended.outcome : null;
  const end = ended?.kind === 'cycle-ended' ? `ended ${ended.outcome}${ended.reason === '' ? '' : `: ${ended.reason}`}` : 'is open';
  const why = `${kind}${recipe === undefined ? '' : ', recalibration only'}, asked by ${requestedBy}${commit === undefined ? '' : ` for commit ${commit}`}${reason === '' ? '' : `: ${reason}`}`;
  return {
    cycle,
    startedAt,
    key,
    outcome,
    sentence: `Cycle ${cycle} started at ${startedAt} (${key}; ${sentenceEnd(why)}) and ${sentenceEnd(end)}.`,
  };
}

function holdSentences(busy: string | null, { all, kinds }: MachineHolds): string[] {
  const until = ({ untilMs }: Hold): string => (untilMs === null ? '' : `, until ${iso(untilMs)}`);
  return [
    ...(busy === null ? [] : [`Nothing starts now: ${busy}.`]),
    ...(all === null ? [] : [`Machines are held back, people are not: ${all.reason}${until(all)}.`]),
    ...Object.entries(kinds).map(([kind, hold]) => `Triggers of kind ${kind} are held back: ${hold.reason}${until(hold)}.`),
    ...(busy === null && all === null && Object.keys(kinds).length === 0 ? ['Nothing holds a trigger back now.'] : []),
  ];
}

function spendingSentences({ budget, cyclesPerDayMax }: TriggersSpec, pace: CyclePace, nowMs: number): string[] {
  const today = pace.starts.filter(({ atMs }) => nowMs - atMs < DAY_MS).length;
  const month =
    budget === undefined
      ? []
      : spending(budget, pace).map(({ spent, max, unit }) => `${Number(spent.toFixed(2))} of ${max} ${unit} this month`);
  return [`Spent: ${[`${today} of ${cyclesPerDayMax} cycles in 24 hours`, ...month].join(', ')}.`];
}

function nextSentences({ monitored, nextScheduledAt, nextMonitoredAt, triggers }: TriggerHistory): string[] {
  const answers = (monitored?.answers ?? []).filter(({ found }) => found > 0);
  return [
    ...answers.map(
      ({ action, reason }) => `Monitoring to ${monitored!.window.end}: ${sentenceEnd(reason)}${action === null ? '' : ` (${action})`}.`,
    ),
    ...(monitored !== null && answers.length === 0 ? [`Monitoring to ${monitored.window.end} found nothing to ask for.`] : []),
    ...(nextScheduledAt === null ? [] : [`The schedule asks next at ${nextScheduledAt}.`]),
    ...(nextMonitoredAt === null ? [] : [`Monitoring looks next at ${nextMonitoredAt}.`]),
    ...(nextScheduledAt === null && nextMonitoredAt === null && monitored === null && triggers !== null
      ? ['Nothing asks by itself: no schedule, and nothing was monitored. `ratchet trigger` asks.']
      : []),
  ];
}

function sentenceEnd(text: string): string {
  return text.replace(/[.\s]+$/, '');
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
