import type { GatesSpec, SliceGate } from '../gate.js';
import type { EvaluateOutput, SliceResult } from '../stage-jobs.js';
import type { GateResult } from '../verdict.js';
import { changeWords, gateResult, goodDirection, metricWords, numberWords, type Ruling } from './gate-ruling.js';
import { holm } from './holm.js';
import { whyNotComparable } from './judge-paired.js';
import { estimatePaired, exceedanceP } from './paired-estimate.js';

interface TestedSlice {
  readonly slice: SliceResult;
  /** How much worse than the champion, in the metric's units; negative: better. */
  readonly harm: number;
  readonly p: number;
}

/**
 * Slices veto: the gate fails only where a slice is *proven* worse by more than the margin (Holm over the gate's slices
 * that have enough blocks); the rest is told. With 16 harmless slices, "each proven non-inferior" blocks 77–100%, this
 * 0–6%. A veto can only stop a promotion, so it spends nothing of the budget and keeps the plain α.
 */
export function judgeSlices(gates: GatesSpec, evaluation: EvaluateOutput): Ruling {
  const rulings = gates.slices.map((gate, index) => judgeOne(`gates.slices[${index}]`, gate, evaluation, gates.alpha));
  return { results: rulings.map(({ result }) => result), notes: rulings.flatMap(({ notes }) => notes), personNeeded: [] };
}

function judgeOne(name: string, gate: SliceGate, evaluation: EvaluateOutput, alpha: number): { result: GateResult; notes: string[] } {
  const obstacle = whyNotComparable('champion', evaluation);
  if (obstacle !== null) return { result: gateResult(name, 'no-baseline', obstacle), notes: [] };
  const slices = evaluation.slices.filter((slice) => slice.by === gate.by);
  const threshold = gate.margin;
  if (slices.length === 0) return { result: gateResult(name, 'no-data', `no slice by ${gate.by} was evaluated`, { threshold }), notes: [] };

  const notes: string[] = [];
  const tested: TestedSlice[] = [];
  for (const slice of slices) {
    const difference = slice.differences[gate.metric];
    if (difference === undefined) {
      notes.push(`${sliceWords(slice)}: not tested, ${metricWords(gate.metric)} could not be computed there`);
      continue;
    }
    const estimate = estimatePaired(difference, gate.blocksMin);
    if (!estimate.known) {
      if (estimate.face === 'no-data') {
        return { result: gateResult(name, 'no-data', `${sliceWords(slice)}: ${estimate.reason}`, { threshold }), notes };
      }
      notes.push(`${sliceWords(slice)}: not tested, ${estimate.reason}`);
      continue;
    }
    const harm = -goodDirection(gate.metric) * estimate.delta;
    tested.push({ slice, harm, p: exceedanceP(harm, gate.margin, estimate) });
  }
  if (tested.length === 0) {
    return {
      result: gateResult(name, 'inconclusive', `none of ${slices.length} slices by ${gate.by} could be tested`, { threshold }),
      notes,
    };
  }
  const vetoed = holm(
    tested.map(({ p }) => p),
    alpha,
  );
  for (const [index, { slice, harm }] of tested.entries()) {
    if (!vetoed[index] && harm > gate.margin) {
      notes.push(`${sliceWords(slice)}: ${metricWords(gate.metric)} looks worse by ${numberWords(harm)}, which is not proven`);
    }
  }
  return { result: resultOf(name, gate, tested, vetoed, alpha), notes };
}

function resultOf(name: string, gate: SliceGate, tested: readonly TestedSlice[], vetoed: readonly boolean[], alpha: number): GateResult {
  const metric = metricWords(gate.metric);
  const failed = tested.filter((_, index) => vetoed[index]).sort((a, b) => b.harm - a.harm);
  const worst = failed[0] ?? tested.reduce((most, slice) => (slice.harm > most.harm ? slice : most));
  const measured = { observed: worst.harm, threshold: gate.margin };
  const by = gate.margin > 0 ? ` by more than ${numberWords(gate.margin)}` : '';
  const method = `Holm over ${tested.length} slices at ${alpha}`;
  if (failed.length === 0)
    return gateResult(name, 'pass', `no slice by ${gate.by} is proven worse${by} in ${metric} (${method})`, measured);
  const seen = failed.map(({ slice, harm }) => `${sliceWords(slice)} ${changeWords(-goodDirection(gate.metric) * harm)}`).join(', ');
  return gateResult(name, 'fail', `proven worse${by} than the champion in ${metric} for ${seen} (${method})`, measured);
}

function sliceWords({ by, value }: SliceResult): string {
  return `${by}=${value}`;
}
