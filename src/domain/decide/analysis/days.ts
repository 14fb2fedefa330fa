import type { MetricAnalysis } from '../../analysis.js';
import type { LabelledDay } from '../../label-reading.js';
import type { RolloutMetric } from '../../rollout-spec.js';
import { matureCohorts, type Cohort } from '../mature-cohorts.js';
import type { AnalysisPlan, LabelPlan, PlannedMetric } from './analysis-plan.js';
import { alphaIn, evidenceIn, harmOf, type Direction } from './direction.js';
import { inconclusive, ruling } from './metric-ruling.js';
import { addVotes, normalBelow, noVotes, votesNeeded, type Votes } from './votes.js';

export type LabelledSpec = Extract<RolloutMetric, { kind: 'quality' | 'kpi' }>;

/** What mature days said so far; a day votes once and never again, whatever labels come after. */
export interface DaysState {
  readonly up: Votes;
  readonly down: Votes;
  /** Days that voted, and of how many of their predictions it was known. */
  readonly voted: readonly (readonly [day: string, coverage: number])[];
  /** Of the daily differences: mean and sum of squared deviations (Welford). */
  readonly mean: number;
  readonly m2: number;
  /** Days, of those last read, that do not vote because our own output decided which labels exist; absent: none. */
  readonly selectiveDays?: number;
}

/**
 * Where callers stay with an arm they are of so many groups, and on each day one of them votes, in turn: a caller is drawn once,
 * so counts once. That of all callers every day would ask the same ones again, who differ by the same chance.
 */
export const CALLER_GROUPS = 28;
/** Rows, or callers, of each arm below which a day's mean is too few rows to be a vote: of so few the mean and the median differ. */
const ROWS_MIN = 20;
/** Voted days that are remembered: what labels of older ones say comes too late. */
const DAYS_MAX = 400;
const DAY_MS = 86_400_000;

const nothing: DaysState = { up: noVotes(1), down: noVotes(1), voted: [], mean: 0, m2: 0 };

export interface DaysRead {
  readonly days: readonly LabelledDay[];
  readonly asOfMs: number;
  readonly rule: LabelPlan;
  /** Times at which the requests were divided anew. */
  readonly shiftsMs: readonly number[];
  readonly unit: AnalysisPlan['unit'];
}

/** Lets every mature day that has not voted cast its vote; null before the first. */
export function addDays(spec: LabelledSpec, before: DaysState | null, read: DaysRead): DaysState | null {
  const voted = before?.voted ?? [];
  const known = new Map(voted);
  const selective = new Set(read.days.filter(({ ownDecision = 0 }) => ownDecision > 0 && read.rule.acceptsSelective === false));
  const cohorts = read.days.flatMap((day) => {
    if (selective.has(day)) return [];
    const found = known.has(day.day) ? null : spec.kind === 'quality' ? pairsOf(spec, day) : armsOf(spec, day, read);
    return found === null ? [] : [{ ...found, day: day.day, startMs: day.startMs, endMs: day.endMs }];
  });
  const coverages = voted.map(([, coverage]) => coverage);
  let next = before;
  for (const { cohort, coverage, isMature } of matureCohorts(cohorts, read.rule, read.asOfMs, coverages)) {
    const state = next ?? nothing;
    if (!isMature || cohort.difference === null || haveVoted(spec, read.unit, state, cohort.day)) continue;
    next = vote(spec, state, cohort.day, coverage, cohort.difference);
  }
  if (selective.size === 0 && next?.selectiveDays === undefined) return next;
  return { ...(next ?? nothing), selectiveDays: selective.size };
}

function countsCallers({ kind }: LabelledSpec, unit: AnalysisPlan['unit']): boolean {
  return kind === 'kpi' && unit === 'key'; // both arms answer a pair, whoever asked
}

/** The callers whose turn is on this day. */
function haveVoted(spec: LabelledSpec, unit: AnalysisPlan['unit'], { voted }: DaysState, day: string): boolean {
  const groupOf = (of: string): number => (Date.parse(of) / DAY_MS) % CALLER_GROUPS;
  return countsCallers(spec, unit) && voted.some(([before]) => groupOf(before) === groupOf(day));
}

type Found = Pick<Cohort, 'predictions' | 'labelled' | 'censored'> & { readonly difference: number | null };

function pairsOf({ metric }: Extract<LabelledSpec, { kind: 'quality' }>, { pairs }: LabelledDay): Found | null {
  if (pairs === null) return null;
  const { predictions, labelled, censored } = pairs;
  return { predictions, labelled, censored, difference: labelled < ROWS_MIN ? null : pairs[metric] };
}

/** The two arms that answered that day; on a day on which the shares changed, neither day nor arm is like the others. */
function armsOf(
  { name }: Extract<LabelledSpec, { kind: 'kpi' }>,
  { arms, startMs, endMs }: LabelledDay,
  { shiftsMs, rule: { coverageDropMax } }: DaysRead,
): Found | null {
  const [mine, theirs] = [arms.challenger, arms.baseline ?? arms.champion];
  if (mine === undefined || theirs === undefined) return null;
  if (shiftsMs.some((atMs) => startMs < atMs && atMs < endMs)) return null;
  const [of, against] = [mine.kpis[name], theirs.kpis[name]];
  const predictions = mine.predictions + theirs.predictions;
  const labelled = (of?.labelled ?? 0) + (against?.labelled ?? 0);
  const isEnough = of !== undefined && against !== undefined && Math.min(witnessesOf(of), witnessesOf(against)) >= ROWS_MIN;
  const isAlike = isEnough && areAlike(of.labelled / mine.predictions, against.labelled / theirs.predictions, coverageDropMax);
  const difference = isAlike && of.mean !== null && against.mean !== null ? of.mean - against.mean : null;
  return { predictions, labelled, censored: 0, difference };
}

function witnessesOf({ labelled, callers }: { labelled: number; callers?: number | null | undefined }): number {
  return callers ?? labelled;
}

/** Where one arm’s labels come more often than the other’s, their means are of different requests. */
function areAlike(mine: number, theirs: number, coverageDropMax: number): boolean {
  return Math.min(mine, theirs) >= (1 - coverageDropMax) * Math.max(mine, theirs);
}

function vote({ margin }: LabelledSpec, state: DaysState, day: string, coverage: number, difference: number): DaysState {
  const voted = [...state.voted, [day, coverage] as const].slice(-DAYS_MAX);
  const mean = state.mean + (difference - state.mean) / (countOf(state) + 1);
  return {
    up: addVotes(state.up, [difference > margin ? 1 : -1]),
    down: addVotes(state.down, [-difference > margin ? 1 : -1]),
    voted,
    mean,
    m2: state.m2 + (difference - state.mean) * (difference - mean),
  };
}

function countOf({ up }: DaysState): number {
  return up.worse[0]! + up.better[0]!;
}

export function assessDays(
  { unit }: Pick<AnalysisPlan, 'unit'>,
  metric: PlannedMetric,
  spec: LabelledSpec,
  state: DaysState | null,
  trouble: string | null,
): MetricAnalysis {
  if (state === null)
    return inconclusive(
      metric,
      { evidence: null, estimate: null },
      trouble === null ? 'no labels yet' : `no labels could be read: ${trouble}`,
    );
  const direction = directionOf(spec);
  const days = countOf(state);
  const { selectiveDays = 0 } = state;
  if (days === 0 && selectiveDays > 0) return inconclusive(metric, { evidence: null, estimate: null }, selectiveInWords(selectiveDays));
  const seen = `${nameOf(spec)} differs by ${state.mean.toPrecision(3)} over ${days} ${days === 1 ? 'day' : 'days'}`;
  const observed = { evidence: evidenceIn(direction, state), estimate: state.mean };
  return ruling(metric, observed, {
    harm: `${seen}, more than ${spec.margin}`,
    needed: daysNeeded(spec, unit, metric.alpha, days < 2 ? 0 : Math.sqrt(state.m2 / (days - 1))),
    seen: days,
    counted: 'mature days',
    like: 'days like these',
    passed: `no difference ≥ ${detectOf(spec)} found: ${seen}`,
    doubt: harmOf(direction, state.mean) >= detectOf(spec) ? `${seen}, as much as detect names, and not proven yet` : null,
  });
}

/** Mature days until the named difference is found with 90% power, where days differ by so much (standard deviation); null: never, or not before all callers have voted. */
export function daysNeeded(spec: LabelledSpec, unit: AnalysisPlan['unit'], alpha: number, sd: number): number | null {
  const chance = sd === 0 ? 0.999 : Math.min(0.999, normalBelow((detectOf(spec) - spec.margin) / sd));
  const votes = votesNeeded(chance, alphaIn(directionOf(spec), alpha));
  const days = votes === null ? Infinity : Math.max(spec.blocksMin, votes);
  return days > (countsCallers(spec, unit) ? CALLER_GROUPS : Number.MAX_SAFE_INTEGER) ? null : days;
}

function selectiveInWords(days: number): string {
  const which = days === 1 ? '1 day has labels' : `${days} days have labels`;
  return `${which} that exist only because our own output decided so, and data.label.acceptSelectiveLabels gives no reason why they are good enough`;
}

/** Absent: five times the margin. */
function detectOf(spec: LabelledSpec): number {
  return spec.detect ?? 5 * spec.margin;
}

/** A loss does harm by going up. */
function directionOf(spec: LabelledSpec): Direction {
  return spec.kind === 'quality' ? 'up' : spec.direction;
}

function nameOf(spec: LabelledSpec): string {
  return spec.kind === 'quality' ? spec.metric : spec.name;
}
