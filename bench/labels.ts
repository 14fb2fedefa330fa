import { addLabels, addWindow, beginAnalysis } from '../src/domain/decide/analysis/analyse.js';
import { analysisPlanOf } from '../src/domain/decide/analysis/analysis-plan.js';
import { CALLER_GROUPS } from '../src/domain/decide/analysis/days.js';
import { randomOf } from '../src/domain/decide/analysis/thin.js';
import { spreadOf } from '../src/domain/decide/simulation/simulate-cases.js';
import { gaussOf } from '../src/domain/decide/simulation/simulate-traffic.js';
import { studentTUpperTail } from '../src/domain/decide/student-t.js';
import type { LabelledDay } from '../src/domain/label-reading.js';
import { RolloutSpec } from '../src/domain/rollout-spec.js';
import { sum } from './block-tests.js';
import { percent } from './rows.js';

const DAY_MS = 86_400_000;
const DAYS = 28;
const MARGIN = 0.1;
const CALLERS = 5600;
const ALPHA = 0.05;
const RULE = { delayHours: 0, coverageMin: 0.5, coverageDropMax: 0.2, timeZone: 'UTC' };
const QUALITY = { kind: 'quality', margin: MARGIN };
const KPI = { kind: 'kpi', name: 'value', min: -9, max: 9, direction: 'up', margin: MARGIN };

/** What a run draws: how much worse the challenger is on each day, to all callers and to those whose turn it is. */
interface LabelDraw {
  readonly all: readonly number[];
  readonly turn: readonly number[];
}

/** Days that differ by chance, by as much as the margin (standard deviation). */
export function independentDays(random: () => number, worse: number): LabelDraw {
  const all = Array.from({ length: DAYS }, () => MARGIN * (worse + gaussOf(random)));
  return { all, turn: all };
}

/** Callers who stay with an arm and come every day: each is worth something of its own, and a little else every day. */
export function stayingCallers(random: () => number, worse: number): LabelDraw {
  const own = Array.from({ length: CALLERS }, () => ({ isMine: random() < 0.5, value: 2 * gaussOf(random) }));
  const difference = (callers: typeof own): number => {
    const meanOf = (isMine: boolean): number => {
      const arm = callers.filter((caller) => caller.isMine === isMine);
      return arm.reduce((sum, { value }) => sum + value, 0) / arm.length + (0.5 * gaussOf(random)) / Math.sqrt(arm.length);
    };
    return MARGIN * worse + meanOf(true) - meanOf(false);
  };
  const days = Array.from({ length: DAYS }, (_, day) => day);
  return {
    all: days.map(() => difference(own)),
    turn: days.map((day) => difference(own.filter((_, caller) => caller % CALLER_GROUPS === day))),
  };
}

/** The day after which our analysis first speaks; null: in none of 28. */
function labelsSpeak(differences: readonly number[], kind: 'quality' | 'kpi'): number | null {
  const steps = [{ kind: 'full', bakeSeconds: 60 }];
  const rollout = RolloutSpec.parse({ alpha: ALPHA, steps, bake: { seconds: 60 }, metrics: [kind === 'quality' ? QUALITY : KPI] });
  const plan = analysisPlanOf(rollout, null, { isCompared: true, labels: RULE });
  const counts = { units: 1, errors: 0, latency: [], scores: [], scoreSum: 0 };
  const arms = { challenger: counts, baseline: counts };
  const window = { startMs: 0, endMs: 1, shift: 1, weights: { challenger: 50, baseline: 50 }, mirror: null, arms };
  let state = addWindow(plan, beginAnalysis(plan), window);
  for (const [day, difference] of differences.entries()) {
    state = addLabels(plan, state, { asOfMs: (day + 1) * DAY_MS, days: [dayOf(day, difference)], trouble: null });
    if (state.failed.length > 0) return day + 1;
  }
  return null;
}

/** The same of a one-sided t-test of the days so far, looked at every day from the third on. */
function tTestSpeaks(differences: readonly number[]): number | null {
  for (let days = 3; days <= differences.length; days++) {
    const seen = differences.slice(0, days);
    const mean = sum(seen) / days;
    const standardError = Math.sqrt(sum(seen.map((each) => (each - mean) ** 2)) / (days - 1) / days);
    if (studentTUpperTail((mean - MARGIN) / standardError, days - 1) < ALPHA) return days;
  }
  return null;
}

/** Shares of runs in which a challenger is called worse, and when: ours, ours without turns, and the t-test. */
export function labelRow(kind: 'quality' | 'kpi', draw: typeof independentDays, worse: number, runs: number): string[] {
  const drawn = Array.from({ length: runs }, (_, run) => draw(randomOf(1 + run), worse));
  const said = (speak: (one: LabelDraw) => number | null): string => {
    const days = drawn.map(speak).filter((day) => day !== null);
    const spread = spreadOf(days);
    return `${percent(days.length / runs)}${spread === null ? '' : `, ${spread.median} (${spread.p90}) days`}`;
  };
  return [said(({ turn }) => labelsSpeak(turn, kind)), said(({ all }) => labelsSpeak(all, kind)), said(({ all }) => tTestSpeaks(all))];
}

function dayOf(day: number, difference: number): LabelledDay {
  const rows = { predictions: 1000, labelled: 1000, censored: 0 };
  const arm = (mean: number) => ({ predictions: 500, kpis: { value: { labelled: 500, mean } } });
  return {
    day: new Date(day * DAY_MS).toISOString().slice(0, 10),
    startMs: day * DAY_MS,
    endMs: (day + 1) * DAY_MS,
    ...rows,
    pairs: { ...rows, logLoss: difference, brier: difference },
    arms: { challenger: arm(difference), baseline: arm(0) },
  };
}
