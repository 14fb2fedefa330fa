import type { Budget, TriggerPolicy } from '../trigger-policy.js';
import type { TriggerKind, TriggersSpec } from '../trigger.js';
import { monthOf, type CyclePace } from './cycle-pace.js';
import { quietInWords, quietUntil } from './quiet-until.js';

const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = 86_400_000;
const SECONDS_PER_HOUR = 3600;

/** What holds a machine's trigger back, for counting. */
export type HoldCause = 'cyclesPerDay' | 'cooldown' | 'quietHours' | 'budget' | 'coalescing';

/** Why a machine's trigger may not start now, and until when; null: until something happens. */
export interface Hold {
  readonly reason: string;
  /** Absent in histories that are older than it. */
  readonly cause?: HoldCause;
  readonly untilMs: number | null;
}

/** What holds back all machines, and what holds back one kind of them. */
export interface MachineHolds {
  readonly all: Hold | null;
  readonly kinds: Readonly<Partial<Record<TriggerKind, Hold>>>;
}

type Limits = Pick<TriggersSpec, 'cooldownMinutes' | 'cyclesPerDayMax' | 'quietHours'> & { readonly budget?: Budget | undefined };

/** What holds machines back now, by the spec and what past cycles did. Of several reasons the one that lasts longest. Pure. */
export function machineHolds(spec: Limits & Pick<TriggersSpec, 'policies'>, pace: CyclePace, nowMs: number): MachineHolds {
  const all = longest([...limitHolds(spec, pace, nowMs, ''), ...(spec.budget === undefined ? [] : budgetHolds(spec.budget, pace, nowMs))]);
  const kinds = Object.entries(spec.policies).flatMap(([name, policy]): [TriggerKind, Hold][] => {
    const kind = name as TriggerKind;
    const own = { ...pace, starts: pace.starts.filter((start) => start.kind === kind), ends: pace.ends.filter((end) => end.kind === kind) };
    const hold = policy === undefined ? null : longest(limitHolds(policy, own, nowMs, `${kind} `));
    return hold === null ? [] : [[kind, hold]];
  });
  return { all, kinds: Object.fromEntries(kinds) };
}

/** The one that lasts longest; of equal ones the first. */
export function longest(holds: readonly (Hold | null | undefined)[]): Hold | null {
  return holds.reduce<Hold | null>((best, hold) => (hold && (best === null || endMs(hold) > endMs(best)) ? hold : best), null);
}

function endMs({ untilMs }: Hold): number {
  return untilMs ?? Infinity;
}

/** Times ahead of now come from a clock that jumped: they count as now. @param kind a word before "cycle" */
function limitHolds(
  limits: Partial<Pick<TriggerPolicy, 'cyclesPerDayMax'>> & Pick<TriggerPolicy, 'cooldownMinutes' | 'quietHours'>,
  pace: CyclePace,
  nowMs: number,
  kind: string,
): Hold[] {
  const { cooldownMinutes, cyclesPerDayMax = Infinity, quietHours } = limits;
  const starts = pace.starts
    .map(({ atMs }) => Math.min(atMs, nowMs))
    .filter((atMs) => nowMs - atMs < MS_PER_DAY)
    .sort((a, b) => a - b);
  const excess = starts[starts.length - cyclesPerDayMax];
  const cooledAtMs = Math.max(...pace.ends.map(({ atMs }) => Math.min(atMs, nowMs) + cooldownMinutes * MS_PER_MINUTE));
  const quiet = quietUntil(quietHours, nowMs);
  return [
    ...(excess === undefined
      ? []
      : [
          {
            reason: `${starts.length} ${kind}cycles in 24 hours, at most ${cyclesPerDayMax} are allowed`,
            cause: 'cyclesPerDay' as const,
            untilMs: excess + MS_PER_DAY,
          },
        ]),
    ...(cooledAtMs > nowMs
      ? [
          {
            reason: `cooling down for ${cooldownMinutes} minutes after the last ${kind}cycle`,
            cause: 'cooldown' as const,
            untilMs: cooledAtMs,
          },
        ]
      : []),
    ...(quiet === null
      ? []
      : [
          {
            reason: quietInWords(quiet.hours),
            cause: 'quietHours' as const,
            untilMs: Number.isFinite(quiet.untilMs) ? quiet.untilMs : null,
          },
        ]),
  ];
}

function budgetHolds(budget: Budget, pace: CyclePace, nowMs: number): Hold[] {
  const untilMs = monthOf(nowMs).endMs;
  return spending(budget, pace)
    .filter(({ spent, max }) => spent >= max)
    .map(({ spent, max, unit }) => ({
      reason: `${round(spent)} ${unit} are spent since the month began, at most ${max} are allowed`,
      cause: 'budget' as const,
      untilMs,
    }));
}

export interface Spending {
  readonly spent: number;
  readonly max: number;
  readonly unit: string;
}

/** What is spent of each limit of the month. */
export function spending({ cpuHoursPerMonthMax, gpuHoursPerMonthMax, costPerMonthMax, prices }: Budget, pace: CyclePace): Spending[] {
  const cpuHours = pace.cpuSeconds / SECONDS_PER_HOUR;
  const gpuHours = pace.gpuSeconds / SECONDS_PER_HOUR;
  const cost = cpuHours * (prices?.cpuHour ?? 0) + gpuHours * (prices?.gpuHour ?? 0);
  return [
    { spent: cpuHours, max: cpuHoursPerMonthMax, unit: 'CPU hours' },
    { spent: gpuHours, max: gpuHoursPerMonthMax, unit: 'GPU hours' },
    { spent: cost, max: costPerMonthMax, unit: prices?.currency ?? '' },
  ].flatMap(({ max, ...rest }) => (max === undefined ? [] : [{ ...rest, max }]));
}

function round(value: number): string {
  return String(Number(value.toFixed(2)));
}
