import type { ModelVersion } from '../domain/candidate.js';
import type { Feature } from '../domain/data-spec.js';
import { dataWindow } from '../domain/decide/data-window.js';
import { digestOf, type Digest } from '../domain/digest.js';
import { RatchetError } from '../domain/failure.js';
import type { JobFile, JobSpec, JobStage } from '../domain/job.js';
import { AgreeInput, EvaluateInput, SnapshotInput, SnapshotOutput, TrainInput, TrainOutput, ValidateInput } from '../domain/stage-jobs.js';
import { imageOf } from '../domain/training-cluster.js';
import type { Resources, TrainerSpec } from '../domain/trainer-spec.js';
import type { ObjectStore } from '../ports/object-store.js';
import { loadCycle, type CycleContext, type CycleRef } from './cycle-context.js';
import { getEvidence } from './documents.js';
import type { Ledger } from './ledger.js';

/** What else decides the result of a job: the lock file of the Python environment, the CPU, and the steps' own code. */
export interface TrainingEnvironment {
  readonly lockDigest: Digest;
  readonly architecture: string;
  /** Of the Python package of the steps: evidence that other code made is not cited. */
  readonly stepsDigest: Digest;
}

export interface JobPlan {
  readonly spec: JobSpec;
  /** Names the work, whatever the cycle, the attempt and the resources: evidence with this digest may be cited. */
  readonly inputDigest: Digest;
  readonly from: Readonly<Record<string, Digest>>;
}

interface Sources {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly environment: TrainingEnvironment;
}

interface Work {
  readonly command: string[];
  readonly files: JobFile[];
  readonly input: JobSpec['input'];
  readonly environment: Record<string, string>;
  readonly from: Record<string, Digest>;
}

const STEP_RESOURCES: Resources = { cpus: 1, memoryMiB: 6144, gpus: 0 };
const STEP_TIME_LIMIT_SECONDS = 3600;

/**
 * The job of a stage, from the cycle's start record and the evidence so far. The same arguments give the same job: a
 * retry finds it under its name.
 *
 * @param memoryFactor ≥ 1: doubled by the workflow after an attempt that starved; capped by the spec's ceiling.
 * @throws {RatchetError} EvidenceMissing, EvidenceCorrupt
 */
export async function planJob(
  sources: Sources,
  context: CycleContext,
  { evidence }: CycleRef,
  { stage, attempt, memoryFactor }: { stage: JobStage; attempt: number; memoryFactor: number },
): Promise<JobPlan> {
  const work = await workOf(sources, context, evidence, stage);
  const training = stage === 'train' || stage === 'refit';
  const { trainer } = context.spec.spec;
  const cluster = training ? clusterOf(context) : undefined;
  const image = imageOf(cluster);
  const resources = resourcesOf(context, stage);
  const inputDigest = digestOf({
    command: work.command,
    files: work.files,
    input: work.input,
    environment: work.environment,
    stepsDigest: sources.environment.stepsDigest,
    ...(image !== null && { image }),
  });
  const memoryMiB = Math.min(resources.memoryMiB * memoryFactor, trainer.resources.memoryMiBMax ?? Number.MAX_SAFE_INTEGER);
  return {
    spec: {
      name: `${context.model}-c${context.cycle}-${stage}-a${attempt}`,
      model: context.model,
      cycle: context.cycle,
      stage,
      attempt,
      command: work.command,
      files: work.files,
      input: work.input,
      environment: work.environment,
      resources: { ...resources, memoryMiB: Math.max(memoryMiB, resources.memoryMiB) },
      timeLimitSeconds: training ? trainer.timeLimitSeconds : STEP_TIME_LIMIT_SECONDS,
      ...(cluster && cluster.kind !== 'local' && { cluster }),
      ...(training && trainer.checkpoints !== undefined
        ? { checkpoints: checkpointsPlace(context.model, stage, inputDigest), graceSeconds: trainer.checkpoints.graceSeconds }
        : {}),
    },
    inputDigest,
    from: work.from,
  };
}

/** Of the work, not of the cycle: `ratchet retry` goes on from the checkpoints of the cycle that it retries. */
function checkpointsPlace(model: string, stage: JobStage, inputDigest: Digest): string {
  return `${model}/${stage}-${inputDigest.slice('sha256:'.length)}`;
}

/** What a stage's job reserves, whatever its attempt. */
export function resourcesOf({ spec }: CycleContext, stage: JobStage): Resources {
  return stage === 'train' || stage === 'refit' ? spec.spec.trainer.resources : STEP_RESOURCES;
}

async function workOf(sources: Sources, context: CycleContext, evidence: CycleRef['evidence'], stage: JobStage): Promise<Work> {
  switch (stage) {
    case 'snapshot':
      return snapshotWork(context);
    case 'validate':
      return validateWork(sources, context, evidence);
    case 'train':
    case 'refit':
      return trainWork(sources, context, evidence, stage);
    case 'evaluate':
      return evaluateWork(sources, context, evidence);
    case 'agree':
      return agreeWork(sources, context, evidence);
  }
}

function snapshotWork({ spec, code, started }: CycleContext): Work {
  const { data } = spec.spec;
  const input = SnapshotInput.parse({ stage: 'snapshot', data, ...dataWindow(data, started.asOf) });
  return step('snapshot', input, {}, code.source.files);
}

async function validateWork({ store }: Sources, context: CycleContext, evidence: CycleRef['evidence']): Promise<Work> {
  const from = { snapshot: need(evidence, 'snapshot') };
  const snapshot = await getEvidence(store, 'snapshot', SnapshotOutput, from.snapshot);
  const { source: _source, window, ...data } = context.spec.spec.data;
  const input = ValidateInput.parse({
    stage: 'validate',
    datasetDigest: snapshot.body.datasetDigest,
    referenceDatasetDigest: context.baseline.champion?.datasetDigest ?? null,
    data: { ...data, rowsMin: window.rowsMin },
    checks: context.spec.spec.checks,
  });
  return step('validate', input, from);
}

async function trainWork(
  { store, environment }: Sources,
  context: CycleContext,
  evidence: CycleRef['evidence'],
  stage: 'train' | 'refit',
): Promise<Work> {
  const from = { snapshot: need(evidence, 'snapshot') };
  const { datasetDigest, dataset } = (await getEvidence(store, 'snapshot', SnapshotOutput, from.snapshot)).body;
  const { data, trainer } = context.spec.spec;
  const recalibrates = recalibrated(context);
  const input = TrainInput.parse({
    stage,
    datasetDigest,
    // A trainer is never handed the holdout before it was judged there.
    files: stage === 'refit' ? dataset.files : dataset.files.filter((file) => file.part === 'train'),
    features: data.features,
    label: data.label,
    timeColumn: data.timeColumn,
    config: trainer.config,
    seed: trainer.seed,
    environment: { lockDigest: environment.lockDigest, architecture: environment.architecture },
    ...(recalibrates === null ? {} : { recalibrates }),
  });
  const { command, environment: variables } = recipeOf(context);
  const files = recalibrates === null ? context.code.trainer.files : [];
  return { command: [...command], files, input, environment: { ...variables }, from };
}

/** What makes the model of this cycle, beside its data: the trainer of the model file, or the step that recalibrates. */
export function recipeOf(context: CycleContext): Recipe {
  const { command, config, seed, environment } = context.spec.spec.trainer;
  if (context.started.trigger.recipe !== undefined) {
    return { command: ['python', '-m', 'ratchet_steps.recalibrate'], config, seed, environment: {} };
  }
  const image = imageOf(clusterOf(context));
  return { command, config, seed, environment, ...(image !== null && { image }) };
}

type Recipe = Pick<TrainerSpec, 'command' | 'config' | 'seed' | 'environment'> & { readonly image?: string };

/** Where a cycle's trainings run. A recalibration is a step of ours and runs where all of them do. */
export function clusterOf({ spec, started }: CycleContext): TrainerSpec['cluster'] {
  return started.trigger.recipe === undefined ? spec.spec.trainer.cluster : undefined;
}

/** @throws {RatchetError} InputInvalid: there is no champion to recalibrate */
function recalibrated({ model, started, baseline: { champion } }: CycleContext): TrainInput['recalibrates'] | null {
  if (started.trigger.recipe === undefined) return null;
  if (champion !== null) return { model: champion.model, trainEnd: champion.trainEnd };
  throw new RatchetError('InputInvalid', `${model}: expected a champion to recalibrate, found none`, {
    remedy: `train one: ratchet trigger ${model}`,
  });
}

async function evaluateWork(sources: Sources, context: CycleContext, evidence: CycleRef['evidence']): Promise<Work> {
  const { store } = sources;
  const from = { snapshot: need(evidence, 'snapshot'), train: need(evidence, 'train') };
  const snapshot = await getEvidence(store, 'snapshot', SnapshotOutput, from.snapshot);
  const { champion, anchor } = context.baseline;
  const input = EvaluateInput.parse({
    stage: 'evaluate',
    datasetDigest: snapshot.body.datasetDigest,
    data: evaluationData(context),
    evaluation: context.spec.spec.evaluation,
    challenger: await trainedArm(store, 'train', from.train),
    champion: champion && {
      model: champion.model,
      trainEnd: champion.trainEnd,
      features: await featuresOf(sources, context.model, champion),
    },
    anchor: anchor && { model: anchor.model, trainEnd: anchor.trainEnd },
  });
  return step('evaluate', input, from);
}

/** What callers may send the champion: its own model file says it, and the challenger's may say less. */
async function featuresOf(sources: Sources, model: string, champion: ModelVersion): Promise<Pick<Feature, 'name' | 'type' | 'nullable'>[]> {
  const { spec } = await loadCycle(sources, model, champion.cycle);
  return spec.spec.data.features.map(({ name, type, nullable }) => ({ name, type, nullable }));
}

async function agreeWork({ store }: Sources, context: CycleContext, evidence: CycleRef['evidence']): Promise<Work> {
  const from = { snapshot: need(evidence, 'snapshot'), train: need(evidence, 'train'), refit: need(evidence, 'refit') };
  const snapshot = await getEvidence(store, 'snapshot', SnapshotOutput, from.snapshot);
  const input = AgreeInput.parse({
    stage: 'agree',
    datasetDigest: snapshot.body.datasetDigest,
    data: evaluationData(context),
    evaluation: context.spec.spec.evaluation,
    refit: await trainedArm(store, 'refit', from.refit),
    sibling: await trainedArm(store, 'train', from.train),
  });
  return step('agree', input, from);
}

async function trainedArm(store: ObjectStore, stage: 'train' | 'refit', digest: Digest): Promise<EvaluateInput['challenger']> {
  const { body } = await getEvidence(store, stage, TrainOutput, digest);
  return { model: body.model, trainEnd: body.trainWindow.end };
}

function evaluationData(context: CycleContext): Omit<CycleContext['spec']['spec']['data'], 'source' | 'window'> {
  const { source: _source, window: _window, ...data } = context.spec.spec.data;
  return data;
}

function step(stage: JobStage, input: JobSpec['input'], from: Record<string, Digest>, files: JobFile[] = []): Work {
  return { command: ['python', '-m', `ratchet_steps.${stage}`], files, input, environment: {}, from };
}

function need(evidence: CycleRef['evidence'], stage: JobStage): Digest {
  const digest = evidence[stage];
  if (digest === undefined) throw new RatchetError('EvidenceMissing', `expected evidence of stage ${stage}, found none in the cycle`);
  return digest;
}
