import type { GatesSpec } from '../gate.js';
import type { EvaluateOutput, ProbeResult } from '../stage-jobs.js';
import { gateResult, only, percentWords, type Ruling } from './gate-ruling.js';

/** Whether there is anything to judge: rows with labels, and none of them seen in training. */
export function judgeHoldout(evaluation: EvaluateOutput): Ruling {
  const { holdout, labelledRows, arms } = evaluation;
  if (!(Number.isFinite(labelledRows) && labelledRows > 0))
    return only(gateResult('evaluation', 'no-data', 'the evaluation has no row with a label'));
  const trainEnd = arms.challenger.trainEnd;
  if (!(Date.parse(trainEnd ?? '') <= Date.parse(holdout.start))) {
    const reason = `the challenger was trained up to ${trainEnd ?? 'an unknown time'}: the evaluation's rows begin at ${holdout.start} and are not all later`;
    return only(gateResult('evaluation', 'no-baseline', reason));
  }
  return { results: [], notes: [], personNeeded: [] };
}

/** Rows without a label may be the ones that matter: too few labels, or a gap in one place, leave quality unknown. */
export function judgeLabelCoverage(gates: GatesSpec, { labelCoverage }: EvaluateOutput): Ruling {
  const gate = 'gates.labelCoverageMin';
  const { overall, byScoreDecile, byMonth } = labelCoverage;
  const threshold = gates.labelCoverageMin;
  const parts = [
    ...byScoreDecile.map((coverage, index) => ({ where: `score decile ${index + 1}`, coverage })),
    ...byMonth.map(({ month, coverage }) => ({ where: month, coverage })),
  ];
  if (![overall, ...parts.map(({ coverage }) => coverage)].every((coverage) => Number.isFinite(coverage))) {
    return only(gateResult(gate, 'no-data', 'label coverage could not be measured', { threshold }));
  }
  const measured = { observed: overall, threshold };
  if (!(overall >= threshold)) {
    return only(
      gateResult(
        gate,
        'inconclusive',
        `only ${percentWords(overall)} of the rows have a label, at least ${percentWords(threshold)} are asked`,
        measured,
      ),
    );
  }
  const gap = parts.find(({ coverage }) => coverage < overall - gates.labelCoverageGapMax);
  if (gap !== undefined) {
    const reason = `${percentWords(overall)} of all rows have a label but only ${percentWords(gap.coverage)} in ${gap.where}: quality there is unknown`;
    return only(gateResult(gate, 'inconclusive', reason, measured));
  }
  return only(
    gateResult(gate, 'pass', `${percentWords(overall)} of the rows have a label, at least ${percentWords(threshold)} are asked`, measured),
  );
}

/** Probes stand before any traffic: nulls, unseen categories, extremes, the signature. */
export function judgeProbes(mode: GatesSpec['probes'], probes: readonly ProbeResult[]): Ruling {
  const gate = 'gates.probes';
  const failed = probes.filter((probe) => !probe.passed);
  const sentences = failed.map(({ name, detail }) => `probe "${name}" failed: ${detail}`);
  if (mode === 'report') return { results: [], notes: sentences, personNeeded: [] };
  if (probes.length === 0) return only(gateResult(gate, 'no-data', 'no probe was run'));
  if (failed.length === 0) return only(gateResult(gate, 'pass', `all ${probes.length} probes passed`));
  return only(gateResult(gate, 'fail', sentences.join('; ')));
}
