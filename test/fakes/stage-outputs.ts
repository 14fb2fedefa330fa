import { digestOf } from '../../src/domain/digest.js';
import type { JobSpec } from '../../src/domain/job.js';
import type { MonitorInput } from '../../src/domain/monitor-jobs.js';
import type { EvaluateInput, EvaluateOutput, SnapshotInput, TrainInput, TrainedModel, TrainOutput } from '../../src/domain/stage-jobs.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { arm, evaluation } from '../domain/decide/evaluation.js';
import { monitorOutputOf } from './monitor-output.js';

/** What a stage's job would write, valid for its schema; the same work (spec without name and attempt) gives the same bytes. */
export async function stageOutput(store: ObjectStore, spec: JobSpec): Promise<unknown> {
  switch (spec.stage) {
    case 'snapshot':
      return snapshotOutput(store, spec.input as SnapshotInput);
    case 'validate':
      return { checks: [check('rows', true)], drift: null, rows: 3000 };
    case 'train':
    case 'refit':
      return trainOutput(store, spec);
    case 'evaluate':
      return evaluateOutput(spec.input as EvaluateInput);
    case 'monitor':
      return monitorOutputOf(spec.input as MonitorInput);
    case 'agree':
      return {
        rows: 2000,
        rankCorrelation: 0.99,
        meanAbsoluteDifference: 0.01,
        probes: [{ name: 'null distance', passed: true, detail: '' }],
        ...answers,
      };
  }
}

/** What the candidate answered in its evaluation. */
export const answers = {
  served: { rows: [{ distance: 100 }, { distance: 2500 }], scores: [0.1, 0.6] },
  scoreHistogram: Array.from({ length: 20 }, (_, bin) => (bin < 15 ? 100 : 0)),
};

/** Validation that says no. */
export const rejectingValidation = { checks: [check('rows', false)], drift: null, rows: 3 };

/** Gates fail: the challenger guesses. */
export const failingEvaluation: Partial<EvaluateOutput> = {
  arms: { ...evaluation().arms, challenger: arm({ metrics: { auc: 0.5, logLoss: 0.7, brier: 0.25 } }) },
};

function check(name: string, passed: boolean) {
  return { name, severity: 'stop' as const, passed, expected: 'at least 1000', observed: passed ? '3000' : '3', examples: [] };
}

async function snapshotOutput(store: ObjectStore, { window, holdoutStart }: SnapshotInput) {
  const part = async (name: 'train' | 'holdout', start: string, end: string, rows: number) => {
    const bytes = Buffer.from(`${name} ${start} ${end}`);
    return { part: name, digest: await store.put(bytes), bytes: bytes.length, rows, window: { start, end } };
  };
  const dataset = {
    files: [await part('train', window.start, holdoutStart, 1000), await part('holdout', holdoutStart, window.end, 2000)],
    rows: 3000,
    columns: [{ name: 'distance', type: 'double' }],
    window,
    timeRange: { min: window.start, max: window.end },
  };
  return { datasetDigest: await store.put(Buffer.from(JSON.stringify(dataset))), dataset };
}

async function trainOutput(store: ObjectStore, { input, command, files }: JobSpec): Promise<TrainOutput> {
  const { files: dataFiles } = input as TrainInput;
  const bytes = Buffer.from(`model of ${digestOf({ input, command, files })}`);
  const model: TrainedModel = {
    format: 'onnx',
    digest: await store.put(bytes),
    bytes: bytes.length,
    inputs: [{ name: 'distance', type: 'number' }],
  };
  const trainWindow = { start: dataFiles[0]!.window.start, end: dataFiles.at(-1)!.window.end };
  return { model, rows: 1000, trainWindow, metrics: { auc: 0.75 }, mlflowRunId: null };
}

/** Clearly better than champion and anchor, where there are any. */
export function evaluateOutput({ champion, anchor }: Pick<EvaluateInput, 'champion' | 'anchor'>): EvaluateOutput {
  const whole = evaluation();
  return {
    ...whole,
    arms: { ...whole.arms, champion: champion && whole.arms.champion, anchor: anchor && whole.arms.anchor },
    differences: { ...whole.differences, champion: champion && whole.differences.champion, anchor: anchor && whole.differences.anchor },
    slices: champion === null ? [] : whole.slices,
    ...answers,
  };
}
