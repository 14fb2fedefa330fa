import type { LabelledDay } from '../../label-reading.js';
import type { RolloutSpec } from '../../rollout-spec.js';
import type { MaturityRule } from '../mature-cohorts.js';
import { addLabels, addWindow, assess, beginAnalysis, beginStep, type AnalysisState } from '../analysis/analyse.js';
import { analysisPlanOf, type AnalysisPlan } from '../analysis/analysis-plan.js';
import { CALLER_GROUPS, type LabelledSpec } from '../analysis/days.js';
import { randomOf } from '../analysis/thin.js';
import { bakeSecondsOf } from '../step-times.js';
import { comparedPercents } from '../traffic-splits.js';
import type { SimulatedRollout } from './simulate-rollout.js';
import { gaussOf } from './simulate-traffic.js';

/** How labels come, and how alike days are. */
export interface LabelShape {
  readonly requestsPerSecond: number;
  readonly rule: MaturityRule;
  /** Standard deviation of the daily differences, in margins of the metric. */
  readonly daySpread: number;
}

/** By how much the challenger is worse, in margins: of the metric at this place of rollout.metrics, or of none. */
export interface Worse {
  readonly metric: number;
  readonly margins: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Plays a rollout's steps by its metrics on late labels alone, hour by hour and by the very rules of the real one: it begins at
 * some hour of a day, every request gets its label after the delay, and days differ by chance. Where callers stay with an arm,
 * every request is another caller's. Pure; the same for the same seed.
 */
export function simulateLabels(rollout: RolloutSpec, shape: LabelShape, worse: Worse | null, seed: number): SimulatedRollout {
  const whole = analysisPlanOf(rollout, null, { isCompared: true, labels: { ...shape.rule, timeZone: 'UTC' } });
  const plan = { ...whole, metrics: whole.metrics.filter(({ spec }) => labelledSpec(spec) !== null) };
  const random = randomOf(seed);
  const log = createLog(rollout, shape, worse, random);
  let nowMs = Math.floor(random() * 24) * HOUR_MS;
  const startMs = nowMs;
  let requests = 0;
  let state = beginAnalysis(plan);
  const ended = (outcome: SimulatedRollout['outcome'], step: number): SimulatedRollout => ({
    outcome,
    seconds: (nowMs - startMs) / 1000,
    requests: Math.round(requests),
    step,
  });
  for (const [index, step] of rollout.steps.entries()) {
    const percents = comparedPercents(step, rollout);
    const isMirrored = percents.challenger + percents.other > 100;
    state = divided(plan, beginStep(state), { index, atMs: nowMs, isMirrored });
    const stepMs = nowMs;
    const { bakeSeconds, bakeSecondsMax } = bakeSecondsOf(step);
    // A shadow says nothing of named numbers: where they are all, what it passes by is not a label.
    const isAsked = !isMirrored || plan.metrics.some(({ spec }) => spec.kind === 'quality');
    for (let phase = assess(plan, state).phase; ;) {
      const inStep = (nowMs - stepMs) / 1000;
      if (phase === 'Failed') return ended('turnedBack', index);
      if ((phase === 'Successful' || !isAsked) && inStep >= bakeSeconds) break;
      if (inStep >= bakeSecondsMax) return ended('undecided', index);
      log.addHour(nowMs, percents);
      requests += (shape.requestsPerSecond * 3600 * (percents.challenger + percents.other)) / 100;
      nowMs += HOUR_MS;
      const days = log.matureAt(nowMs);
      if (days.length === 0) continue;
      state = addLabels(plan, state, { asOfMs: nowMs, days, trouble: null });
      phase = assess(plan, state).phase;
    }
  }
  return ended('passed', rollout.steps.length - 1);
}

/** Tells the state that the requests are divided anew. */
function divided(
  plan: AnalysisPlan,
  state: AnalysisState,
  { index, atMs, isMirrored }: { index: number; atMs: number; isMirrored: boolean },
): AnalysisState {
  const counts = { units: 1, errors: 0, latency: [], scores: [], scoreSum: 0 };
  return addWindow(plan, state, {
    startMs: atMs,
    endMs: atMs + 1,
    shift: index + 1,
    weights: isMirrored ? { baseline: 100 } : { challenger: 50, baseline: 50 },
    mirror: isMirrored ? 'challenger' : null,
    arms: { challenger: counts, baseline: counts },
  });
}

/** The log of predictions with its labels, day by day. */
function createLog(rollout: RolloutSpec, { requestsPerSecond, rule, daySpread }: LabelShape, worse: Worse | null, random: () => number) {
  const metrics = rollout.metrics.flatMap((metric, index) =>
    labelledSpec(metric) === null ? [] : [{ spec: labelledSpec(metric)!, index }],
  );
  const open = new Map<number, { pairs: number; mine: number; theirs: number }>();
  return { addHour, matureAt };

  function addHour(atMs: number, { challenger, other }: { challenger: number; other: number }): void {
    const day = Math.floor(atMs / DAY_MS);
    const rows = open.get(day) ?? { pairs: 0, mine: 0, theirs: 0 };
    const asked = (percent: number): number => (requestsPerSecond * 3600 * percent) / 100;
    const isMirrored = challenger + other > 100;
    open.set(
      day,
      isMirrored
        ? { ...rows, pairs: rows.pairs + asked(100) }
        : { ...rows, mine: rows.mine + asked(challenger), theirs: rows.theirs + asked(other) },
    );
  }

  function matureAt(nowMs: number): LabelledDay[] {
    const days = [...open].filter(([day]) => nowMs >= (day + 1) * DAY_MS + rule.delayHours * HOUR_MS);
    for (const [day] of days) open.delete(day);
    return days.map(([day, rows]) => labelled(day, rows));
  }

  function labelled(day: number, rows: { pairs: number; mine: number; theirs: number }): LabelledDay {
    const differences = new Map(metrics.map(({ spec, index }) => [spec, differenceOf(spec, worse?.metric === index ? worse.margins : 0)]));
    const quality = metrics.find(({ spec }) => spec.kind === 'quality')?.spec;
    const loss = quality === undefined ? null : differences.get(quality)!;
    const known = (count: number) => ({ predictions: Math.round(count), labelled: Math.round(count), censored: 0 });
    const arm = (count: number, isMine: boolean) => {
      const spoken = rollout.unit === 'key' ? count / CALLER_GROUPS : count;
      const kpis = metrics.flatMap(({ spec }) => (spec.kind === 'kpi' ? [[spec.name, isMine ? differences.get(spec)! : 0] as const] : []));
      const numbers = kpis.map(([name, mean]) => [name, { labelled: Math.round(spoken), mean }] as const);
      return { predictions: Math.round(spoken), kpis: Object.fromEntries(numbers) };
    };
    return {
      day: new Date(day * DAY_MS).toISOString().slice(0, 10),
      startMs: day * DAY_MS,
      endMs: (day + 1) * DAY_MS,
      ...known(rows.pairs + rows.mine + rows.theirs),
      pairs: rows.pairs === 0 ? null : { ...known(rows.pairs), logLoss: loss, brier: loss },
      arms: rows.mine === 0 ? {} : { challenger: arm(rows.mine, true), baseline: arm(rows.theirs, false) },
    };
  }

  function differenceOf(spec: LabelledSpec, margins: number): number {
    const sign = spec.kind === 'kpi' && spec.direction === 'down' ? -1 : 1;
    return spec.margin * (sign * margins + daySpread * gaussOf(random));
  }
}

/** null: it needs no labels. */
export function labelledSpec(spec: RolloutSpec['metrics'][number]): LabelledSpec | null {
  return spec.kind === 'quality' || spec.kind === 'kpi' ? spec : null;
}
