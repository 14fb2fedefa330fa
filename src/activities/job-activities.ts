import { cancellationSignal } from '@temporalio/activity';
import { beginWatch, isTimeToTell, JOB_PROGRESS_SIGNAL, observed, told } from '../domain/decide/job-watch.js';
import type { TimeRange } from '../domain/dataset.js';
import type { Digest } from '../domain/digest.js';
import type { Stage, StageResult } from '../domain/evidence.js';
import { RatchetError, type FailureType } from '../domain/failure.js';
import type { Job, JobSpec, JobStage } from '../domain/job.js';
import type { Prices } from '../domain/prices.js';
import type { TrainInput } from '../domain/stage-jobs.js';
import type { JobCluster } from '../ports/job-cluster.js';
import type { ObjectStore } from '../ports/object-store.js';
import { recordCost } from './cycle-cost.js';
import { loadCycle, type CycleRef } from './cycle-context.js';
import { putDocument } from './documents.js';
import type { Ledger } from './ledger.js';
import { planJob, type JobPlan, type TrainingEnvironment } from './plan-job.js';
import { readStageOutput } from './stage-output.js';
import { toFailure } from './to-failure.js';
import { watchInSlot, type RunWatch, type WatchSeat } from './watch-seat.js';
import { isTraining, needPrices, trainingCheck, type WatchRequest } from './watch-training.js';
import { Evidence } from '../domain/evidence.js';
import { getDocument } from './documents.js';

export interface JobRequest extends CycleRef {
  readonly stage: JobStage;
  readonly attempt: number;
  readonly memoryFactor: number;
}

/** Either the job that now runs, or the finished evidence of an earlier cycle for exactly this work. */
export interface Submitted {
  readonly jobName: string | null;
  readonly cited: RecordedStage | null;
  /** Names the work as it was when the job was started; absent: nothing was, or by a worker that did not say it. */
  readonly inputDigest?: Digest;
}

export interface RecordRequest extends JobRequest {
  /** As `submitJob` said it: the worker that records may have other steps and packages than the one that started the job. */
  readonly inputDigest?: Digest;
}

export interface RecordedStage extends StageResult {
  /** The stage did its work and says no: the cycle ends here. */
  readonly rejection: string | null;
}

export interface JobActivityPorts {
  readonly store: ObjectStore;
  readonly ledger: Ledger;
  readonly jobCluster: JobCluster;
  readonly environment: TrainingEnvironment;
  /** What machines cost; null: nobody said. */
  readonly prices: Prices | null;
  /** How a job is watched for as long as it runs; absent: in its activity's slot. */
  readonly runWatch?: RunWatch;
}

export function createJobActivities(ports: JobActivityPorts) {
  const { store, jobCluster, runWatch = watchInSlot } = ports;
  return { submitJob, awaitJob, recordStage, stopJob, stopJobsOfCycle };

  /**
   * Starts the stage's job, attaches to it where it already runs, or cites evidence of the retried cycle. A right that is missing
   * ends the cycle at once: mostly it was never there and people are to hear of it soon, and the stages before it are evidence.
   */
  async function submitJob(request: JobRequest): Promise<Submitted> {
    const context = await loadCycle(ports, request.model, request.cycle);
    const plan = await planJob(ports, context, request, request);
    const cited = await citedStage(request.stage, context.started.cites[request.stage], plan);
    if (cited !== null) return { jobName: null, cited };
    const { trainer } = context.spec.spec;
    if (isTraining(request.stage) && trainer.stop?.costMax !== undefined) needPrices(ports.prices, trainer);
    await jobCluster.submit(plan.spec, cancellationSignal());
    return { jobName: plan.spec.name, cited: null, inputDigest: plan.inputDigest };
  }

  /** null: it was other work, or what it names is gone (retention deletes data) or damaged: the stage is worked again. */
  async function citedStage(stage: JobStage, cites: Digest | undefined, plan: JobPlan): Promise<RecordedStage | null> {
    if (cites === undefined) return null;
    try {
      const evidence = await getDocument(store, Evidence, `cited ${stage} evidence`, cites);
      if (evidence.inputDigest !== plan.inputDigest) return null;
      const { summary, rejection } = await readStageOutput(store, stage, evidence.body, { dataset: null });
      return { stage, evidenceDigest: cites, summary, cited: true, rejection };
    } catch (error) {
      const isDamaged = error instanceof RatchetError && ['EvidenceMissing', 'EvidenceCorrupt', 'JobOutputInvalid'].includes(error.type);
      if (isDamaged) return null;
      throw error;
    }
  }

  /** Waits for a job to end, heartbeating its progress; fails where a rule says that it is to stop. Stopping it is the workflow's to do, never ours. */
  async function awaitJob(jobName: string, request?: WatchRequest): Promise<void> {
    await runWatch((seat) =>
      watchToEnd(seat, jobName, request).catch((error: unknown) => {
        throw patient(error, 'ClusterUnavailable', {
          what: `job ${jobName} goes on and cannot be watched`,
          afterwards: 'the watch goes on',
        });
      }),
    );
  }

  async function watchToEnd(seat: WatchSeat, jobName: string, request: WatchRequest | undefined): Promise<void> {
    const check = await trainingCheck(ports, jobName, request, () => seat.heartbeat(seat.heartbeatDetails));
    let watch = beginWatch(seat.heartbeatDetails, Date.now());
    const heartbeatMs = Math.max(200, Math.min(10_000, (seat.heartbeatTimeoutMs ?? 60_000) / 4));
    for await (const job of jobCluster.watch(jobName, { signal: seat.signal, heartbeatMs })) {
      const nowMs = Date.now();
      if (job.phase === 'Succeeded') return;
      watch = observed(watch, job.progress, nowMs);
      // The next attempt is the workflow's to make. A node that is gone takes what it said with it: we heard it.
      if (job.phase === 'Failed') throw toFailure(jobFailure(job), { isFinal: true, lastStep: watch.stepMax });
      seat.heartbeat(watch);
      check(job, watch, nowMs);
      if (request === undefined || !isTimeToTell(watch, { attempt: request.attempt, startedAtMs: startOf(job, nowMs) }, nowMs)) continue;
      watch = told(watch, nowMs);
      const { stage, attempt } = request;
      await seat.signalWorkflow(JOB_PROGRESS_SIGNAL, { stage, attempt, words: watch.words }); // for the details that the Temporal UI shows
    }
    throw new RatchetError('WatchEnded', `the watch of job ${jobName} ended before the job did`);
  }

  /**
   * Turns the finished job's result into evidence. Asked again, it gives the same digest. A right that is missing is waited for:
   * what is no evidence yet would be worked again. What comes after it (the judgement, the registration, the records of the
   * ledger) is made of evidence in minutes, so it fails at once, and `ratchet retry` goes on from there.
   */
  async function recordStage(request: RecordRequest): Promise<RecordedStage> {
    const what = `the ${request.stage} job of cycle ${request.cycle} is not recorded yet`;
    return toEvidence(request).catch((error: unknown) => {
      throw patient(error, 'StoreUnavailable', { what, afterwards: 'it is recorded' });
    });
  }

  async function toEvidence(request: RecordRequest): Promise<RecordedStage> {
    const context = await loadCycle(ports, request.model, request.cycle);
    const plan = await planJob(ports, context, request, request);
    const job = await jobCluster.describe(plan.spec.name);
    if (job?.phase !== 'Succeeded') {
      throw new RatchetError('JobLost', `job ${plan.spec.name}: expected it finished, found ${job?.phase ?? 'no trace of it'}`, {
        remedy: 'it is run again under the next attempt',
      });
    }
    const output = await readStageOutput(store, request.stage, job.output, { dataset: trainedOn(plan) });
    const evidenceDigest = await putDocument(store, evidenceOf(request, plan, job, output.body));
    await clearCheckpoints(plan.spec);
    return { stage: request.stage, evidenceDigest, summary: output.summary, cited: false, rejection: output.rejection };
  }

  /** The work is evidence now. What stays where this fails costs room, and no cycle. */
  async function clearCheckpoints({ checkpoints }: JobSpec): Promise<void> {
    if (checkpoints !== undefined) await jobCluster.clearCheckpoints(checkpoints).catch(() => undefined);
  }

  async function stopJob(jobName: string): Promise<void> {
    await jobCluster.stop(jobName);
  }

  /** The sweeper: a cycle that is closed keeps no job running; what they used is written down. @returns names of the stopped jobs */
  async function stopJobsOfCycle({ model, cycle }: { model: string; cycle: number }): Promise<string[]> {
    const running = await jobCluster.listRunning({ model, cycle });
    const names = running.filter((job) => job.model === model && job.cycle === cycle).map((job) => job.name);
    for (const name of names) await jobCluster.stop(name);
    await recordCost(ports, { model, cycle });
    return names;
  }
}

/** A worker whose credentials have run out, or whose rights somebody took, ends no training of weeks: it is asked again until it may. */
function patient(error: unknown, type: FailureType, { what, afterwards }: { what: string; afterwards: string }): unknown {
  if (!(error instanceof RatchetError) || error.type !== 'AccessDenied') return error;
  return new RatchetError(type, `${what}: ${error.message}`, {
    remedy: `${error.remedy}; ${afterwards} by itself as soon as it may`,
    cause: error,
  });
}

/** The window of the rows that a trainer was handed; a model may not claim to have seen others. */
function trainedOn({ spec }: JobPlan): TimeRange | null {
  if (spec.stage !== 'train' && spec.stage !== 'refit') return null;
  const { files } = spec.input as TrainInput;
  const starts = files.map(({ window }) => window.start).sort(byTime);
  const ends = files.map(({ window }) => window.end).sort(byTime);
  return { start: starts[0]!, end: ends.at(-1)! };
}

function startOf({ startedAt }: Job, nowMs: number): number {
  return startedAt === null ? nowMs : Date.parse(startedAt);
}

function byTime(a: string, b: string): number {
  return Date.parse(a) - Date.parse(b);
}

function evidenceOf(request: RecordRequest, plan: JobPlan, job: Job, body: Evidence['body']): Evidence {
  return {
    kind: 'evidence',
    stage: request.stage satisfies Stage,
    model: request.model,
    cycle: request.cycle,
    inputDigest: request.inputDigest ?? plan.inputDigest,
    from: plan.from as Record<string, Digest>,
    job: { name: job.name, attempt: request.attempt, startedAt: job.startedAt, endedAt: job.endedAt },
    body,
  };
}

const JOB_REMEDY: Partial<Record<string, string>> = {
  JobTimedOut: 'raise timeLimitSeconds, or make the job faster, then: ratchet retry (with trainer.checkpoints it goes on where it stood)',
  JobDiverged: 'lower the learning rate or look for bad values in the data, apply, then: ratchet trigger',
  JobOutOfMemory: 'raise resources.memoryMiB (or memoryMiBMax), then: ratchet retry',
  JobOutputMissing: 'the job must write its result to the file named in RATCHET_OUTPUT before it exits 0',
  JobFailed: 'mend what the log says, apply, then: ratchet retry',
  InputInvalid: 'mend what the message names, apply, then: ratchet retry',
  JobSpecInvalid: 'mend what the message names, in the model file (and apply it) or in the cluster, then: ratchet retry',
  ClusterFull: 'make room in the cluster, or ask for less or wait longer in the model file and apply it, then: ratchet retry',
  JobLost: 'look whether machines go so often, then: ratchet retry (with trainer.checkpoints it goes on where it stood)',
  JobStopped: 'ask who stopped it and why, then: ratchet retry (with trainer.checkpoints it goes on where it stood)',
};

function jobFailure(job: Job): RatchetError {
  const failure = job.failure ?? { type: 'JobLost' as const, message: 'ended without a reason', logTail: '' };
  return new RatchetError(failure.type, `job ${job.name}: ${failure.message}`, {
    remedy: JOB_REMEDY[failure.type] ?? 'ratchet retry goes on from this stage',
    detail: failure.logTail.slice(-2000),
  });
}
