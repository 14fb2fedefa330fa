import { designEffect, findsDifference, type BlockedMean } from './block-tests.js';
import { jsonOfPython } from './json-of-python.js';
import { machineInWords } from './measure.js';
import { seededRandom } from './random.js';
import { percent, tellRows, type Row } from './rows.js';

const SWAPS = 10_000;

/** What bench/flights.py writes: a holdout of the example's acts. */
interface Window {
  readonly month: string;
  readonly blockRows: readonly number[];
  readonly arms: readonly (Sums & { readonly model: string })[];
  /** Challenger less champion; null: there was no champion. */
  readonly pair: (Sums & { readonly swaps: number; readonly delongRejections: number }) | null;
}
type Sums = Pick<BlockedMean, 'blockSums' | 'squares'>;

/**
 * The figures of docs/explanation that need the flights themselves: how much flights of one day have in common, and how often
 * a test at 5% finds a difference between two models that were swapped on random days, so that there is none.
 */
export async function run(): Promise<void> {
  const started = performance.now();
  console.log(`${machineInWords()}; the windows are those of examples/flight-lateness/acts.py`);
  const windows = await jsonOfPython<Window[]>('flights.py');
  tellRows([...windows.flatMap(designEffects), ...windows.flatMap(swapped)], 'found on the flights');
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
}

function designEffects({ month, blockRows, arms }: Window): Row[] {
  return arms.map(({ model, ...sums }) => ({
    what: `design effect of log-loss by day, holdout to ${month}, model of ${model}`,
    documented: '18–71',
    found: designEffect({ blockRows, ...sums }).toFixed(0),
  }));
}

/** Every day keeps its flights, and its storms: only who is called challenger is drawn. */
function swapped({ month, blockRows, pair }: Window): Row[] {
  if (pair === null) return [];
  const random = seededRandom(6);
  const found = { byRow: 0, byBlockNormal: 0, byBlockT: 0 };
  for (let swap = 0; swap < SWAPS; swap++) {
    const blockSums = pair.blockSums.map((sum) => (random.uniform() < 0.5 ? sum : -sum));
    const tests = findsDifference({ blockRows, blockSums, squares: pair.squares });
    for (const test of ['byRow', 'byBlockNormal', 'byBlockT'] as const) if (tests[test]) found[test]++;
  }
  const row = (test: string, documented: string, share: number): Row => ({
    what: `swapped on random days, holdout to ${month}: ${test}`,
    documented,
    found: percent(share),
  });
  return [
    row('row-level z on log-loss', '83%', found.byRow / SWAPS),
    row('DeLong on AUC', '76%', pair.delongRejections / pair.swaps),
    row('day-cluster z on log-loss', '5.7%', found.byBlockNormal / SWAPS),
    row('day-cluster t on log-loss (what the judge uses)', '4.8%', found.byBlockT / SWAPS),
  ];
}
