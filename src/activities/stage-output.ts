import type { z } from 'zod';
import type { TimeRange } from '../domain/dataset.js';
import type { Evidence } from '../domain/evidence.js';
import { RatchetError } from '../domain/failure.js';
import type { JobStage } from '../domain/job.js';
import { AgreeOutput, EvaluateOutput, SnapshotOutput, TrainOutput, ValidateOutput } from '../domain/stage-jobs.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { Digest } from '../domain/digest.js';

export interface StageOutput {
  readonly body: Evidence['body'];
  /** One line for people. */
  readonly summary: string;
  readonly rejection: string | null;
}

/**
 * Parses what a job wrote, checks that what it names is really there, and says it in one line.
 *
 * @param dataset for trainings: the window of the rows handed over; null skips that check.
 * @throws {RatchetError} JobOutputInvalid: names the field, what was expected and what was found.
 */
export async function readStageOutput(
  store: ObjectStore,
  stage: JobStage,
  output: unknown,
  { dataset }: { dataset: TimeRange | null },
): Promise<StageOutput> {
  switch (stage) {
    case 'snapshot':
      return snapshotOutput(store, parse(SnapshotOutput, stage, output));
    case 'validate':
      return validateOutput(parse(ValidateOutput, stage, output));
    case 'train':
    case 'refit':
      return trainOutput(store, stage, parse(TrainOutput, stage, output), dataset);
    case 'evaluate':
      return evaluateOutput(parse(EvaluateOutput, stage, output));
    case 'agree':
      return agreeOutput(parse(AgreeOutput, stage, output));
  }
}

function parse<T>(schema: z.ZodType<T>, stage: JobStage, output: unknown): T {
  const parsed = schema.safeParse(output, { reportInput: true });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new RatchetError(
    'JobOutputInvalid',
    `result of ${stage}, field ${issue?.path.join('.') || '(document)'}: ${issue?.message ?? 'not as the contract says'}, found ${inWords(issue?.input)}`,
    {
      remedy: 'the job contract: docs/reference/job-contract.md',
    },
  );
}

/** Of a map its keys alone: its values may be anything. */
function inWords(value: unknown): string {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return `keys ${Object.keys(value).join(', ').slice(0, 200)}`;
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

async function mustExist(store: ObjectStore, stage: JobStage, what: string, digest: Digest): Promise<void> {
  if (await store.hasDigest(digest)) return;
  throw new RatchetError('JobOutputInvalid', `result of ${stage}: names ${what} ${digest}, but the object store has no such object`, {
    remedy: 'a job must put its files into the object store before it writes its result',
  });
}

async function snapshotOutput(store: ObjectStore, body: SnapshotOutput): Promise<StageOutput> {
  await mustExist(store, 'snapshot', 'the dataset manifest', body.datasetDigest);
  await Promise.all(body.dataset.files.map((file) => mustExist(store, 'snapshot', `the ${file.part} file`, file.digest)));
  const holdout = body.dataset.files.filter((file) => file.part === 'holdout').reduce((rows, file) => rows + file.rows, 0);
  return { body, summary: `${count(body.dataset.rows)} rows, ${count(holdout)} of them held out`, rejection: null };
}

function validateOutput(body: ValidateOutput): StageOutput {
  const stopped = body.checks.filter((check) => check.severity === 'stop' && !check.passed);
  const passed = body.checks.filter((check) => check.passed).length;
  const drift = body.drift === null ? '' : `, ${Math.round(body.drift.driftedShare * 100)}% of features drifted`;
  const reasons = stopped.map((check) => `${check.name}: expected ${check.expected}, found ${check.observed}${exampleOf(check.examples)}`);
  return {
    body,
    summary: `${passed} of ${body.checks.length} checks passed${drift}`,
    rejection: stopped.length === 0 ? null : reasons.join('; ').slice(0, 2000),
  };
}

function exampleOf(examples: readonly unknown[]): string {
  return examples.length === 0 ? '' : `, for example ${JSON.stringify(examples[0]).slice(0, 300)}`;
}

const FORMAT = { onnx: 'ONNX', pyfunc: 'MLflow model' };

async function trainOutput(
  store: ObjectStore,
  stage: 'train' | 'refit',
  body: TrainOutput,
  dataset: TimeRange | null,
): Promise<StageOutput> {
  await mustExist(store, stage, 'the model', body.model.digest);
  await store.getByDigest(body.model.digest); // its bytes are looked at as well: they are what will be judged and promoted
  if (dataset !== null) checkTrainWindow(stage, body.trainWindow, dataset);
  // What it was handed counts, not how little it says it used: else rows that it saw could pass for unseen ones.
  const trainWindow = { start: body.trainWindow.start, end: dataset?.end ?? body.trainWindow.end };
  return {
    body: { ...body, trainWindow },
    summary: `${count(body.rows)} rows → ${(body.model.bytes / 1024).toFixed(0)} KiB ${FORMAT[body.model.format]}${body.mlflowRunId === null ? ', not tracked in MLflow' : ''}`,
    rejection: null,
  };
}

/** What a trainer claims to have seen must lie in the rows that it was handed; a window that ends before it starts is no claim. */
function checkTrainWindow(stage: JobStage, { start, end }: TimeRange, handed: TimeRange): void {
  const refuse = (field: string, expected: string, found: string): never => {
    throw new RatchetError('JobOutputInvalid', `result of ${stage}, field trainWindow.${field}: expected ${expected}, found ${found}`, {
      remedy: 'write the window of the rows that the model was fitted to, as its `files` name it',
    });
  };
  if (Date.parse(end) > Date.parse(handed.end)) refuse('end', `at most ${handed.end} (the rows handed over)`, end);
  if (Date.parse(start) < Date.parse(handed.start)) refuse('start', `at least ${handed.start} (the rows handed over)`, start);
  if (Date.parse(start) >= Date.parse(end)) refuse('end', `a time after trainWindow.start, ${start}`, end);
}

function evaluateOutput(body: EvaluateOutput): StageOutput {
  const { challenger, champion } = body.arms;
  const figures = Object.entries(challenger.metrics).map(([metric, value]) => {
    const before = champion?.metrics[metric as keyof typeof champion.metrics];
    return `${metric} ${before == null ? '' : `${before.toFixed(3)} → `}${value === null ? 'unknown' : value.toFixed(3)}`;
  });
  return { body, summary: `${figures.join(', ')} on ${count(body.labelledRows)} rows`, rejection: null };
}

function agreeOutput(body: AgreeOutput): StageOutput {
  return { body, summary: `rank correlation ${body.rankCorrelation.toFixed(3)} with the judged sibling`, rejection: null };
}

function count(rows: number): string {
  return rows.toLocaleString('en-US');
}
