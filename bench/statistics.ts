import { alphaOfComparison } from '../src/domain/decide/alpha-budget.js';
import { holm } from '../src/domain/decide/holm.js';
import { confidenceLimits, exceedanceP } from '../src/domain/decide/paired-estimate.js';
import { ALPHA, findsDifference, known } from './block-tests.js';
import { seededRandom, type Random } from './random.js';
import { percent, tellRows, type Row } from './rows.js';

const DAYS = 28;

/**
 * How often the decisions are wrong, by simulation: the figures of docs/explanation that need no flights (those are
 * `npm run bench -- flights`). Each line stands beside what was measured on flights or in an earlier simulation, whose assumptions differ a little.
 */
export async function run(): Promise<void> {
  const started = performance.now();
  const rows = [...designEffect(), ...peeking(), ...slices(), ...slide()];
  tellRows(rows, 'simulated');
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Two equal models on 28 days that fail together: how often is a difference "found" at 5%, two-sided? */
function designEffect(): Row[] {
  const random = seededRandom(1);
  const runs = 10_000;
  let byRow = 0;
  let byBlockNormal = 0;
  let byBlockT = 0;
  for (let run = 0; run < runs; run++) {
    const blockRows = Array.from({ length: DAYS }, () => 700 + Math.floor(random.uniform() * 400));
    let squares = 0;
    const blockSums = blockRows.map((count) => {
      // What a day has in common: a twentieth of the variance makes a design effect near 50 at 900 rows a day. The rows
      // themselves are drawn as their sum and their sum of squares.
      const day = random.normal() * Math.sqrt(0.055);
      const own = Math.sqrt(count) * random.normal();
      squares += count * day ** 2 + 2 * day * own + count + Math.sqrt(2 * count) * random.normal();
      return count * day + own;
    });
    const found = findsDifference({ blockRows, blockSums, squares });
    if (found.byRow) byRow++;
    if (found.byBlockNormal) byBlockNormal++;
    if (found.byBlockT) byBlockT++;
  }
  return [
    { what: 'equal models, row-level z: found different', documented: '83%', found: percent(byRow / runs) },
    { what: 'equal models, day-cluster z', documented: '5.7%', found: percent(byBlockNormal / runs) },
    { what: 'equal models, day-cluster t (what the judge uses)', documented: '4.8%', found: percent(byBlockT / runs) },
  ];
}

/** A new, equally good challenger every day for 30 days, judged on the last 28 days: is one promoted as better? */
function peeking(): Row[] {
  const random = seededRandom(2);
  const runs = 1500;
  const looks = 30;
  const promoted = { plain: 0, half: 0, full: 0 };
  for (let run = 0; run < runs; run++) {
    // The champion's luck of a day is in every comparison that covers it; each challenger has its own.
    const champion = Array.from({ length: DAYS + looks }, () => random.normal());
    const found = { plain: false, half: false, full: false };
    for (let k = 1; k <= looks; k++) {
      const blockSums = Array.from({ length: DAYS }, (_, j) => random.normal() - champion[k + j - 1]!);
      const estimate = known(ones(DAYS), blockSums);
      const proven = (alpha: number): boolean => confidenceLimits(estimate, alpha).lower > 0;
      found.plain ||= proven(ALPHA / 2);
      found.half ||= proven(alphaOfComparison(ALPHA / 2, k));
      found.full ||= proven(alphaOfComparison(ALPHA, k));
    }
    for (const name of ['plain', 'half', 'full'] as const) if (found[name]) promoted[name]++;
  }
  return [
    { what: 'equal models, daily 95% gate: ≥ 1 promotion in 30 days', documented: '34%', found: percent(promoted.plain / runs) },
    { what: 'the same with α_k = α/(k(k+1)), α .025', documented: '2.3%', found: percent(promoted.half / runs) },
    { what: 'the same with α_k, α .05 (the default)', documented: '≤ 5%', found: percent(promoted.full / runs) },
  ];
}

/** 16 slices that are all equally good: how often do slice gates stop the challenger? */
function slices(): Row[] {
  const random = seededRandom(3);
  const runs = 600;
  const row = (margin: number): { each: number; veto: number } => {
    const blocked = { each: 0, veto: 0 };
    for (let run = 0; run < runs; run++) {
      const estimates = Array.from({ length: 16 }, () =>
        known(
          ones(DAYS),
          Array.from({ length: DAYS }, () => 0.1 * random.normal()),
        ),
      );
      if (!estimates.every((estimate) => confidenceLimits(estimate, ALPHA).upper < margin)) blocked.each++;
      const pValues = estimates.map((estimate) => exceedanceP(estimate.delta, margin, estimate));
      if (holm(pValues, ALPHA).some((rejected) => rejected)) blocked.veto++;
    }
    return { each: blocked.each / runs, veto: blocked.veto / runs };
  };
  const tight = row(0);
  const wide = row(0.05);
  return [
    {
      what: '16 harmless slices, each to be proven: blocked',
      documented: '77–100%',
      found: `${percent(wide.each)}–${percent(tight.each)}`,
    },
    { what: '16 harmless slices, veto where proven worse', documented: '0–6%', found: `${percent(wide.veto)}–${percent(tight.veto)}` },
  ];
}

/**
 * 52 weekly challengers, each truly N(−2, 4) mAUC against its champion; promoted where not worse by 10 mAUC at a plain 5%. The
 * anchor is replaced where superiority is proven. Days spread by 16 mAUC, so 28 of them leave a standard error of 3.
 */
function slide(): Row[] {
  const runs = 300;
  const meanEnd = (withAnchor: boolean, withBudget: boolean): string => {
    const random = seededRandom(4);
    let total = 0;
    for (let run = 0; run < runs; run++) total += qualityAfterYear(random, withAnchor, withBudget);
    const mean = total / runs;
    return `${mean > 0 ? '+' : '−'}${Math.abs(mean).toFixed(1)} mAUC`;
  };
  return [
    { what: '52 weekly non-inferiority cycles, models 2 mAUC worse', documented: '−18 mAUC', found: meanEnd(false, false) },
    { what: 'the same, held against a frozen anchor too', documented: '+1.9 mAUC', found: meanEnd(true, false) },
    { what: 'the same, with anchor and α_k (what the judge does)', documented: '', found: meanEnd(true, true) },
  ];
}

/** The champion's true quality in mAUC against where it began. */
function qualityAfterYear(random: Random, withAnchor: boolean, withBudget: boolean): number {
  const margin = 10;
  const daySpread = 16;
  let champion = 0;
  let anchor = 0;
  let k = 0;
  for (let week = 0; week < 52; week++) {
    k++;
    const challenger = champion - 2 + 4 * random.normal();
    const alpha = withBudget ? alphaOfComparison(ALPHA, k) : ALPHA;
    const lowerAgainst = (other: number): number => {
      const days = Array.from({ length: DAYS }, () => challenger - other + daySpread * random.normal());
      return confidenceLimits(known(ones(DAYS), days), alpha).lower;
    };
    const improvement = lowerAgainst(champion);
    if (improvement <= -margin || (withAnchor && lowerAgainst(anchor) <= -margin)) continue;
    champion = challenger;
    k = 0;
    if (improvement > 0) anchor = challenger;
  }
  return champion;
}

const ones = (length: number): number[] => Array.from({ length }, () => 1);
