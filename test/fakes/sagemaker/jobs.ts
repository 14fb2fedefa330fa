import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startContainer } from './container.js';
import type { Container } from './container.js';
import { FakeRefusal } from './refusal.js';
import type { Document } from './server.js';

export interface FakeJobsOptions {
  /** Machines' disks lie below it. */
  readonly home: string;
  /** Buckets are folders below it: where checkpoints are kept. */
  readonly buckets: string;
  /** What the image holds: PATH, PYTHONPATH; and what the job's role may reach. */
  readonly image: Record<string, string>;
  /** How long each state lasts that has no container. */
  readonly stateMs?: number;
  readonly graceMs?: number;
}

/** How a job ends without its container. */
interface Ending {
  readonly status: 'Failed' | 'Stopped' | 'Completed';
  readonly secondary: string;
  readonly reason?: string;
}

interface FakeJob {
  readonly name: string;
  readonly kind: 'Training' | 'Processing';
  readonly request: Document;
  readonly createdMs: number;
  status: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';
  readonly transitions: { Status: string; StatusMessage: string; StartTime: number }[];
  failureReason?: string;
  modifiedMs: number;
  startedMs?: number;
  endedMs?: number;
  container?: Container;
  isInterrupted: boolean;
  life: Promise<void>;
}

/** SageMaker's training and processing jobs. */
export function createFakeJobs({ home, buckets, image, stateMs = 20, graceMs = 60_000 }: FakeJobsOptions) {
  const jobs = new Map<string, FakeJob>();
  const endings: Ending[] = [];
  let isHeld = false;
  return {
    operations: { ...operationsOf('Training'), ...operationsOf('Processing') },
    interrupt,
    request: (name: string) => jobs.get(`Training/${name}`)?.request ?? jobs.get(`Processing/${name}`)?.request,
    endNext: (ending: Ending) => void endings.push(ending),
    hold: (held: boolean) => void (isHeld = held),
    stopAll,
  };

  function operationsOf(kind: FakeJob['kind']): Record<string, (input: Document) => Document> {
    const nameField = `${kind}JobName`;
    const find = (input: Document): FakeJob => {
      const found = jobs.get(`${kind}/${String(input[nameField])}`);
      if (!found) throw new FakeRefusal('ValidationException', 'Requested resource not found.');
      return found;
    };
    return {
      [`Create${kind}Job`]: (input) => ({ [`${kind}JobArn`]: arn(kind, create(kind, String(input[nameField]), input)) }),
      [`Describe${kind}Job`]: (input) => describe(find(input)),
      [`Stop${kind}Job`]: (input) => stop(find(input)),
      [`List${kind}Jobs`]: (input) => list(kind, input),
    };
  }

  function create(kind: FakeJob['kind'], name: string, request: Document): string {
    if (!/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/.test(name)) throw new FakeRefusal('ValidationException', `${name}: no job name`);
    if (jobs.has(`${kind}/${name}`)) throw new FakeRefusal('ResourceInUse', `${kind} job names must be unique: ${name}`);
    const nowMs = Date.now();
    const job: FakeJob = {
      name,
      kind,
      request,
      createdMs: nowMs,
      modifiedMs: nowMs,
      status: 'InProgress',
      transitions: [],
      isInterrupted: false,
      life: Promise.resolve(),
    };
    jobs.set(`${kind}/${name}`, job);
    job.life = live(job, endings.shift());
    return name;
  }

  async function live(job: FakeJob, ending: Ending | undefined): Promise<void> {
    const disk = join(home, 'machines', job.kind, job.name);
    for (let tries = 1; ; tries++) {
      job.isInterrupted = false;
      pass(job, 'Starting', 'Launching requested ML instances');
      do await sleep(stateMs);
      while (isHeld && job.status === 'InProgress');
      if (ending !== undefined) return end(job, ending.status, ending.secondary, ending.reason);
      if (isStopping(job)) return end(job, 'Stopped', 'Stopped');
      pass(job, 'Downloading', 'Downloading the training image');
      await sleep(stateMs);
      job.startedMs ??= Date.now();
      pass(job, 'Training', 'Training image download completed. Training in progress.');
      const { exitCode, failure } = await run(job, join(disk, String(tries)));
      if (job.isInterrupted && job.status === 'InProgress') {
        pass(job, 'Interrupted', 'The managed spot training instances were interrupted');
        await sleep(stateMs);
        continue;
      }
      if (!isStopping(job)) pass(job, 'Uploading', 'Uploading generated training model');
      await sleep(stateMs);
      if (isStopping(job)) return end(job, 'Stopped', 'Stopped');
      if (exitCode === 0) return end(job, 'Completed', 'Completed');
      return end(job, 'Failed', 'Failed', `AlgorithmError: ${failure}, exit code: ${exitCode}`);
    }
  }

  /** The checkpoints travel from the bucket to the machine and back, as SageMaker does it. */
  async function run(job: FakeJob, root: string) {
    const { AlgorithmSpecification, AppSpecification, CheckpointConfig, Environment } = job.request as {
      AlgorithmSpecification?: { ContainerEntrypoint: string[] };
      AppSpecification?: { ContainerEntrypoint: string[] };
      CheckpointConfig?: { S3Uri: string };
      Environment?: Record<string, string>;
    };
    const kept = CheckpointConfig && join(buckets, CheckpointConfig.S3Uri.replace('s3://', ''));
    if (kept && existsSync(kept)) cpSync(kept, join(root, 'checkpoints'), { recursive: true });
    job.container = startContainer(
      root,
      (AlgorithmSpecification ?? AppSpecification)!.ContainerEntrypoint,
      { ...image, ...Environment },
      graceMs,
    );
    if (job.status === 'Stopping') job.container.stop();
    const ended = await job.container.end;
    if (kept) {
      mkdirSync(kept, { recursive: true });
      cpSync(join(root, 'checkpoints'), kept, { recursive: true });
    }
    return ended;
  }

  function stop(job: FakeJob): Document {
    if (job.status !== 'InProgress' && job.status !== 'Stopping')
      throw new FakeRefusal('ValidationException', `The request was rejected because the ${job.kind} job is in status ${job.status}.`);
    job.status = 'Stopping';
    pass(job, 'Stopping', 'Stopping the job');
    job.container?.stop();
    return {};
  }

  function interrupt(name: string): void {
    const job = jobs.get(`Training/${name}`)!;
    job.isInterrupted = true;
    job.container?.stop();
  }

  async function stopAll(): Promise<void> {
    for (const job of jobs.values()) if (job.endedMs === undefined) stop(job);
    await Promise.all([...jobs.values()].map(({ life }) => life));
  }

  function list(kind: FakeJob['kind'], input: Document): Document {
    const {
      NameContains,
      StatusEquals,
      LastModifiedTimeAfter,
      MaxResults = 10,
      NextToken = '0',
    } = input as {
      NameContains?: string;
      StatusEquals?: string;
      LastModifiedTimeAfter?: number;
      MaxResults?: number;
      NextToken?: string;
    };
    const found = [...jobs.values()].filter(
      (job) =>
        job.kind === kind &&
        (NameContains === undefined || job.name.includes(NameContains)) &&
        (StatusEquals === undefined || job.status === StatusEquals) &&
        (LastModifiedTimeAfter === undefined || job.modifiedMs / 1000 > LastModifiedTimeAfter),
    );
    const from = Number(NextToken);
    const page = found.slice(from, from + MaxResults).map((job) => ({
      [`${kind}JobName`]: job.name,
      [`${kind}JobArn`]: arn(kind, job.name),
      [`${kind}JobStatus`]: job.status,
      CreationTime: job.createdMs / 1000,
      LastModifiedTime: job.modifiedMs / 1000,
    }));
    return { [`${kind}JobSummaries`]: page, ...(from + MaxResults < found.length && { NextToken: String(from + MaxResults) }) };
  }
}

/** Somebody may have stopped it meanwhile. */
function isStopping({ status }: FakeJob): boolean {
  return status === 'Stopping';
}

function describe(job: FakeJob): Document {
  const { name, kind, status, transitions, failureReason } = job;
  const { Tags: _, ...request } = job.request;
  return {
    ...request,
    [`${kind}JobName`]: name,
    [`${kind}JobArn`]: arn(kind, name),
    [`${kind}JobStatus`]: status,
    CreationTime: job.createdMs / 1000,
    LastModifiedTime: job.modifiedMs / 1000,
    ...(job.startedMs !== undefined && { [`${kind}StartTime`]: job.startedMs / 1000 }),
    ...(job.endedMs !== undefined && { [`${kind}EndTime`]: job.endedMs / 1000 }),
    ...(failureReason !== undefined && { FailureReason: failureReason }),
    ...(kind === 'Training' && {
      SecondaryStatus: transitions.at(-1)?.Status,
      SecondaryStatusTransitions: transitions,
      ...(job.endedMs !== undefined && { BillableTimeInSeconds: Math.ceil((job.endedMs - (job.startedMs ?? job.endedMs)) / 1000) }),
    }),
  };
}

function pass(job: FakeJob, Status: string, StatusMessage: string): void {
  job.modifiedMs = Date.now();
  job.transitions.push({ Status, StatusMessage, StartTime: job.modifiedMs / 1000 });
}

function end(job: FakeJob, status: FakeJob['status'], secondary: string, failureReason?: string): void {
  job.status = status;
  if (failureReason !== undefined) job.failureReason = failureReason;
  pass(job, secondary, failureReason ?? '');
  job.endedMs = job.modifiedMs;
}

function arn(kind: FakeJob['kind'], name: string): string {
  return `arn:aws:sagemaker:us-east-1:000000000000:${kind.toLowerCase()}-job/${name}`;
}
