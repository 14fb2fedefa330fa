import { addWindow, beginAnalysis, beginStep } from '../src/domain/decide/analysis/analyse.js';
import { analysisPlanOf, type AnalysisPlan } from '../src/domain/decide/analysis/analysis-plan.js';
import { spreadOf } from '../src/domain/decide/simulation/simulate-cases.js';
import { createTraffic, HARMLESS, STEADY, type Regression, type TrafficShape } from '../src/domain/decide/simulation/simulate-traffic.js';
import { RolloutSpec } from '../src/domain/rollout-spec.js';
import { byRequest, mannWhitney, zTest, type PeekedTest } from './peeked-tests.js';
import { AA, AA_WINDOWS, constantly, DELAYS, ERRORS, LATENCY, type Delay, type Harmless, type Weight } from './analysis-cases.js';
import { independentDays, labelRow, stayingCallers } from './labels.js';
import { machineInWords } from './measure.js';
import { percent } from './rows.js';

const WINDOW_SECONDS = 5;
const SHAPE: TrafficShape = { ...STEADY, requestsPerSecond: 40 };
const REQUESTS_PER_WINDOW = SHAPE.requestsPerSecond * WINDOW_SECONDS;
/** Runs of each line; a share of 5% is then known to ± 4 points. */
const RUNS = 100;
const DELAY_WINDOWS_MAX = 600;
const MARGIN = 0.2;

/**
 * What turns a rollout back, on made traffic whose truth is known: how often a harmless challenger is called worse by our analysis
 * and by tests that are not made to be looked at after every window, and how soon regressions are found.
 */
export async function run(): Promise<void> {
  const started = performance.now();
  console.log(
    `${machineInWords()}; ${RUNS} runs a line, ${REQUESTS_PER_WINDOW} requests in a window of ${WINDOW_SECONDS} s, 2% errors, fixed seeds`,
  );
  console.log(`\nharmless challengers called worse within ${AA_WINDOWS} windows, α 5% per rollout`);
  tell(['traffic', 'ours', 'z-test, errors', 'Mann–Whitney', 'by request'], AA.map(aaRow));
  console.log(`\nregressions: share found within ${DELAY_WINDOWS_MAX} windows, and all requests until then, median (nine of ten)`);
  tell(
    ['regression', 'weight', 'ours', '', 'z-test or Mann–Whitney', '', 'by request', '', 'by request, before'],
    DELAYS.flatMap((line) => [10, 50].map((weight) => delayRow(line, weight))),
  );
  console.log(`\nlabels, looked at on each of 28 days, α 5%: share called worse, and the day, median (nine of ten)`);
  tell(['challenger', 'days of', 'ours', 'every caller every day', 't-test of the days'], labelRows());
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
  await Promise.resolve();
}

function labelRows(): string[][] {
  const draws = [
    ['quality, requests', 'quality', independentDays],
    ['named number, requests', 'kpi', independentDays],
    ['named number, 5,600 callers who stay', 'kpi', stayingCallers],
  ] as const;
  return [0, 1, 2, 5].flatMap((worse) =>
    draws.map(([days, kind, draw]) => [
      worse === 0 ? 'harmless' : `worse by ${worse} × margin`,
      days,
      ...labelRow(kind, draw, worse, RUNS),
    ]),
  );
}

function aaRow({ what, traffic = {}, weight = constantly(10), metrics = [ERRORS, LATENCY] }: Harmless): string[] {
  const plan = planOf(metrics, 0.05);
  const tests = [() => ours(plan), () => zTest(0.05), () => mannWhitney(0.05), () => byRequest(0.05, MARGIN)];
  const shape = { ...SHAPE, ...traffic };
  return [what, ...tests.map((test) => percent(firstAlarms(test, shape, HARMLESS, weight, AA_WINDOWS).length / RUNS))];
}

function delayRow({ what, alpha, metric, regression, traffic = {}, before }: Delay, weight: number): string[] {
  const plan = planOf([metric], alpha);
  const shape = { ...SHAPE, ...traffic };
  const tests =
    metric === ERRORS
      ? [() => ours(plan), () => zTest(alpha), () => byRequest(alpha, MARGIN)]
      : [() => ours(plan), () => mannWhitney(alpha)];
  const cells = tests.flatMap((test) => {
    const alarms = firstAlarms(test, shape, { ...HARMLESS, ...regression }, constantly(weight), DELAY_WINDOWS_MAX);
    const spread = spreadOf(alarms.map((windows) => windows * REQUESTS_PER_WINDOW));
    return [percent(alarms.length / RUNS), spread === null ? '-' : `${thousands(spread.median)} (${thousands(spread.p90)})`];
  });
  const counted = metric === ERRORS ? cells : [...cells, '', ''];
  return [what, `${weight}%`, ...counted, before?.[weight === 10 ? 0 : 1] ?? ''];
}

/** The windows after which the test first speaks, of the runs in which it does. */
function firstAlarms(begin: () => PeekedTest, shape: TrafficShape, regression: Regression, weight: Weight, windows: number): number[] {
  const alarms: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const traffic = createTraffic(shape, regression, WINDOW_SECONDS, 1 + run);
    const test = begin();
    for (let window = 0; window < windows; window++) {
      const challenger = weight(window);
      const percents = challenger === 0 ? { challenger: 100, other: 100 } : { challenger, other: Math.min(challenger, 100 - challenger) };
      if (!test(traffic.next(percents, challenger))) continue;
      alarms.push(window + 1);
      break;
    }
  }
  return alarms;
}

/** Our analysis; another weight is another step. */
function ours(plan: AnalysisPlan): PeekedTest {
  let state = beginAnalysis(plan);
  let shift: number | null = null;
  return (window) => {
    if (shift !== null && shift !== window.shift) state = beginStep(state);
    shift = window.shift;
    state = addWindow(plan, state, window);
    return state.failed.length > 0;
  };
}

function planOf(metrics: readonly object[], alpha: number): AnalysisPlan {
  const steps = [{ kind: 'full', bakeSeconds: 60 }];
  const rollout = RolloutSpec.parse({ alpha, steps, bake: { seconds: 60 }, metrics });
  const evaluated = createTraffic(STEADY, HARMLESS, 60, 99).next({ challenger: 50, other: 50 }, 1).arms.challenger!.scores;
  return analysisPlanOf(rollout, evaluated, { isCompared: true });
}

function tell(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  for (const line of lines)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
}

function thousands(requests: number): string {
  return requests < 1000 ? String(requests) : `${Number((requests / 1000).toPrecision(2))}k`;
}
