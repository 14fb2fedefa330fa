import type { GatesSpec, AbsoluteGate } from '../gate.js';
import type { EvaluateOutput } from '../stage-jobs.js';
import type { GateResult } from '../verdict.js';
import { gateResult, metricWords, numberWords, type Ruling } from './gate-ruling.js';

const BYTES_PER_MIB = 1024 * 1024;

/** Holds the challenger itself to the spec's limits. Limits are inclusive and compared with the point estimate. */
export function judgeAbsolute(gates: GatesSpec, evaluation: EvaluateOutput): Ruling {
  const results = gates.absolute.map((gate, index) => judgeOne(`gates.absolute[${index}]`, gate, evaluation));
  return { results, notes: [], personNeeded: [] };
}

function judgeOne(name: string, gate: AbsoluteGate, evaluation: EvaluateOutput): GateResult {
  const observed = observe(gate, evaluation);
  const threshold = gate.min ?? gate.max ?? null;
  const words = metricWords(gate.metric);
  if (observed === null || !Number.isFinite(observed)) {
    return gateResult(name, 'no-data', `${words} could not be measured`, { threshold });
  }
  const detail = describe(gate, observed, evaluation);
  if (gate.min !== undefined && !(observed >= gate.min)) {
    return gateResult(name, 'fail', `${detail}; at least ${numberWords(gate.min)} is asked`, { observed, threshold: gate.min });
  }
  if (gate.max !== undefined && !(observed <= gate.max)) {
    return gateResult(name, 'fail', `${detail}; at most ${numberWords(gate.max)} is allowed`, { observed, threshold: gate.max });
  }
  return gateResult(name, 'pass', `${detail}; ${limitWords(gate)}`, { observed, threshold });
}

function observe({ metric }: AbsoluteGate, evaluation: EvaluateOutput): number | null {
  const arm = evaluation.arms.challenger;
  switch (metric) {
    case 'calibrationGap': {
      const { meanPrediction, rate } = arm.calibration;
      return Number.isFinite(meanPrediction) && Number.isFinite(rate) ? Math.abs(meanPrediction - rate) : null;
    }
    case 'latencyMsP99':
      return arm.latencyMs?.p99 ?? null;
    case 'modelMiB':
      return arm.bytes === null ? null : arm.bytes / BYTES_PER_MIB;
    case 'labelCoverage':
      return evaluation.labelCoverage.overall;
    default:
      return arm.metrics[metric] ?? null;
  }
}

function describe({ metric }: AbsoluteGate, observed: number, evaluation: EvaluateOutput): string {
  if (metric !== 'calibrationGap') return `${metricWords(metric)} is ${numberWords(observed)}`;
  const { meanPrediction, rate } = evaluation.arms.challenger.calibration;
  const points = Number((observed * 100).toFixed(observed < 0.095 ? 1 : 0));
  const means = `(mean prediction ${meanPrediction.toFixed(2)}, rate ${rate.toFixed(2)})`;
  return `predicts ${points} points too ${meanPrediction >= rate ? 'many' : 'few'} positives ${means}`;
}

function limitWords({ min, max }: AbsoluteGate): string {
  if (min !== undefined && max !== undefined) return `between ${numberWords(min)} and ${numberWords(max)} is asked`;
  return min === undefined ? `at most ${numberWords(max ?? NaN)} is allowed` : `at least ${numberWords(min)} is asked`;
}
