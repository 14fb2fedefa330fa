import { setTimeout as sleep } from 'node:timers/promises';
import { posix } from 'node:path';
import { canonicalJson, digestOfBytes } from '../../domain/digest.js';
import { checkJobName, parseJobSpec } from '../../domain/check-job.js';
import { RatchetError } from '../../domain/failure.js';
import { lastBytes } from '../../domain/job-words.js';
import { JobSpec } from '../../domain/job.js';
import type { Job } from '../../domain/job.js';
import type { JobCluster } from '../../ports/job-cluster.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { removeCheckpoints } from './checkpoints.js';
import { readJobName, sageMakerName } from './job-name.js';
import { createRunnerPlaces } from './job-order.js';
import { createJobPoller } from './job-poller.js';
import type { JobPollerOptions } from './job-poller.js';
import { processingRequest, trainingRequest } from './job-request.js';
import { jobOf } from './job-state.js';
import { watchJob } from './job-watch.js';
import { lazySageMaker } from './sagemaker-client.js';
import { explainJobError, isNameTaken } from './sagemaker-error.js';
import { processingJobs, trainingJobs } from './sagemaker-jobs.js';
import { isOver } from './seen-job.js';
import type { SeenJob } from './seen-job.js';

export interface SageMakerJobClusterOptions {
  readonly objectStore: ObjectStore;
  readonly roleArn: string;
  readonly namePrefix: string;
  /** Further variables of the container: where S3 is. */
  readonly containerEnvironment?: Readonly<Record<string, string>>;
  /** AWS_REGION, AWS_ENDPOINT_URL_SAGEMAKER, and the credentials as the SDK finds them. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly polling?: JobPollerOptions & { readonly progressMs: number; readonly troubleMsMax: number; readonly stopMsMax: number };
}

/** Calls per minute stay far below what SageMaker lets an account make, however many jobs are watched. */
const calm = { everyMs: 15_000, describeEveryMs: 600_000, gapMs: 150, progressMs: 60_000, troubleMsMax: 900_000, stopMsMax: 10_000 };

/**
 * Trainings as SageMaker training jobs, other stages as processing jobs. Orders and results go through the object store,
 * which must be S3. A job's environment names the digest of its order: what has our name and another order is a conflict.
 */
export function createSageMakerJobCluster(options: SageMakerJobClusterOptions): JobCluster {
  const { objectStore, environment = process.env, polling = calm, namePrefix } = options;
  const client = lazySageMaker(environment);
  const [training, processing] = [trainingJobs(client), processingJobs(client)];
  const pollers = {
    training: createJobPoller(polled(training), polling),
    processing: createJobPoller(polled(processing), polling),
  };
  const places = createRunnerPlaces(objectStore);
  const account = { roleArn: options.roleArn, namePrefix, storeUri: objectStore.uri, environment: options.containerEnvironment ?? {} };
  return { submit, describe, watch, stop, logs, listRunning, clearCheckpoints };

  function polled(jobs: { describe: typeof training.describe; list: typeof training.list }) {
    return {
      describe: jobs.describe,
      list: (filter: { sinceMs: number } | { running: true }) => jobs.list({ namePrefix: `${namePrefix}-`, ...filter }),
    };
  }

  async function submit(spec: JobSpec, signal: AbortSignal): Promise<void> {
    const parsed = parseJobSpec(spec);
    const { cluster } = parsed;
    if (cluster?.kind !== 'sagemaker')
      throw new RatchetError(
        'JobSpecInvalid',
        `job ${spec.name}: expected trainer.cluster.kind sagemaker, found ${cluster?.kind ?? 'none'}`,
      );
    if (!objectStore.uri.startsWith('s3://'))
      throw new RatchetError(
        'JobSpecInvalid',
        `job ${spec.name}: expected an object store that SageMaker reaches (s3://…), found ${objectStore.uri}`,
        {
          remedy: 'set RATCHET_STORE_URI of every worker to a bucket, or train with kind: local',
        },
      );
    const order = Buffer.from(canonicalJson(parsed));
    const digest = digestOfBytes(order);
    signal.throwIfAborted();
    if (!(await find(spec.name))) {
      await checkFiles(objectStore, parsed);
      await objectStore.put(order);
      signal.throwIfAborted();
      try {
        if (isTraining(parsed)) await training.create(trainingRequest(parsed, cluster, digest, account));
        else await processing.create(processingRequest(parsed, cluster, digest, account));
        return;
      } catch (error) {
        // Somebody was quicker, or our own first try arrived and its answer was lost.
        if (!isNameTaken(error)) throw explainJobError(error, 'create', spec.name);
      }
    }
    const found = (await find(spec.name))?.seen.environment?.RATCHET_JOB_ORDER;
    if (found !== digest)
      throw new RatchetError(
        'JobConflict',
        `job ${spec.name}: expected to start or to find the job ${digest}, found ${found ?? 'a job of somebody else'} as ${sageMakerName(namePrefix, spec.name)}`,
        { remedy: 'SageMaker keeps names for ever: find out who started it; give this Ratchet another RATCHET_SAGEMAKER_NAME_PREFIX' },
      );
  }

  async function describe(name: string): Promise<Job | null> {
    const found = await find(checkJobName(name));
    return found && jobFrom(name, found.seen);
  }

  /** Its kind is in nobody's memory after a restart: trainings are the rule, so they are asked first. */
  async function find(name: string) {
    const sageMaker = sageMakerName(namePrefix, name);
    try {
      for (const jobs of [training, processing]) {
        const seen = await jobs.describe(sageMaker);
        if (seen) return { seen, jobs };
      }
      return null;
    } catch (error) {
      throw explainJobError(error, 'describe', name);
    }
  }

  async function jobFrom(name: string, seen: SeenJob): Promise<Job> {
    if (seen.environment === null) return { ...jobOf(name, seen, { progress: null, ended: null }), progressReadAt: null };
    const [progress, ended] = await Promise.all([places.progress(seen), isOver(seen) ? places.end(seen) : null]);
    return { ...jobOf(name, seen, { progress, ended }), progressReadAt: new Date().toISOString() };
  }

  function watch(name: string, options: { signal: AbortSignal; heartbeatMs: number }): AsyncIterable<Job> {
    const kind = isTraining({ name: checkJobName(name) }) ? 'training' : 'processing';
    const follow = () => pollers[kind].follow(sageMakerName(namePrefix, name));
    return watchJob(name, options, { follow, jobFrom, ...polling });
  }

  async function stop(name: string): Promise<void> {
    const untilMs = performance.now() + polling.stopMsMax;
    for (let pauseMs = polling.everyMs / 10; ; pauseMs = Math.min(pauseMs * 1.5, polling.everyMs)) {
      const found = await find(checkJobName(name));
      if (!found || isOver(found.seen)) return;
      try {
        if (found.seen.status === 'InProgress') await found.jobs.stop(found.seen.sageMakerName);
      } catch (error) {
        const now = await find(name); // SageMaker refuses to stop what has just ended
        if (now && !isOver(now.seen) && now.seen.status !== 'Stopping') throw explainJobError(error, 'stop', name);
      }
      if (performance.now() > untilMs)
        throw new RatchetError(
          'ClusterUnavailable',
          `job ${name}: expected SageMaker to stop it within ${polling.stopMsMax} ms, found it ${found.seen.status}`,
        );
      await sleep(pauseMs);
    }
  }

  async function logs(name: string, { bytesMax = 64 * 1024 }: { bytesMax?: number } = {}): Promise<string> {
    const found = await find(checkJobName(name));
    if (!found) return '';
    return lastBytes((await places.log(found.seen)) ?? found.seen.failureReason, bytesMax);
  }

  async function listRunning(): Promise<{ name: string; model: string; cycle: number }[]> {
    const running: { name: string; model: string; cycle: number }[] = [];
    try {
      for (const jobs of [training, processing])
        for await (const { sageMakerName: listed } of jobs.list({ namePrefix: `${namePrefix}-`, running: true })) {
          const read = readJobName(namePrefix, listed) ?? readEnvironment(await jobs.describe(listed));
          if (read) running.push(read);
        }
    } catch (error) {
      throw explainJobError(error, 'list', `${namePrefix}-*`);
    }
    return running;
  }

  async function clearCheckpoints(place: string): Promise<void> {
    await removeCheckpoints(environment, objectStore.uri, JobSpec.shape.checkpoints.unwrap().parse(place));
  }
}

async function checkFiles(objectStore: ObjectStore, { name, files }: JobSpec): Promise<void> {
  for (const { path, digest } of files) {
    const target = posix.normalize(path);
    if (path === '' || target.startsWith('..') || target.startsWith('/') || target.endsWith('/'))
      throw new RatchetError('JobSpecInvalid', `job file: expected a path below the job's folder, found ${JSON.stringify(path)}`);
    if (!(await objectStore.hasDigest(digest)))
      throw new RatchetError('EvidenceMissing', `job ${name}, file ${path}: expected ${digest} in the object store, found nothing`);
  }
}

function isTraining({ name }: { name: string }): boolean {
  return /-(train|refit)-a\d+/.test(name);
}

function readEnvironment(seen: SeenJob | null) {
  const { RATCHET_JOB_NAME: name, RATCHET_MODEL: model, RATCHET_CYCLE: cycle } = seen?.environment ?? {};
  return name === undefined || model === undefined ? null : { name, model, cycle: Number(cycle) };
}
