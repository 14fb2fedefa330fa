import type { CreateProcessingJobRequest, CreateTrainingJobRequest, SageMaker } from '@aws-sdk/client-sagemaker';
import { billedOf } from './billed-time.js';
import type { SeenJob } from './seen-job.js';
import { unlessMissing } from './sagemaker-error.js';

export type ListedJob = Pick<SeenJob, 'sageMakerName' | 'status' | 'modifiedMs'>;

/** One of SageMaker's two kinds of job. What they throw is the SDK's. */
export interface SageMakerJobs<Request> {
  readonly kind: 'training' | 'processing';
  create(request: Request): Promise<void>;
  /** null: there is no such job. */
  describe(sageMakerName: string): Promise<SeenJob | null>;
  stop(sageMakerName: string): Promise<void>;
  /** Those that changed since then, or those that run. At most 100 a call. */
  list(filter: { namePrefix: string } & ({ sinceMs: number } | { running: true })): AsyncIterable<ListedJob>;
}

type Client = () => Promise<SageMaker>;

export function trainingJobs(client: Client): SageMakerJobs<CreateTrainingJobRequest> {
  return {
    kind: 'training',
    create: async (request) => void (await (await client()).createTrainingJob(request)),
    async describe(sageMakerName) {
      const found = await unlessMissing((await client()).describeTrainingJob({ TrainingJobName: sageMakerName }));
      if (!found) return null;
      return {
        ...times(found.TrainingStartTime, found.TrainingEndTime, found.LastModifiedTime),
        sageMakerName,
        status: found.TrainingJobStatus as SeenJob['status'],
        secondaryStatus: found.SecondaryStatus ?? null,
        statusMessage: found.SecondaryStatusTransitions?.at(-1)?.StatusMessage ?? null,
        failureReason: found.FailureReason ?? '',
        environment: found.Environment ?? {},
        billed: billedOf(found),
      };
    },
    stop: async (sageMakerName) => void (await (await client()).stopTrainingJob({ TrainingJobName: sageMakerName })),
    async *list(filter) {
      for (let NextToken: string | undefined; ;) {
        const page = await (await client()).listTrainingJobs({ ...listInput(filter), ...(NextToken && { NextToken }) });
        for (const job of page.TrainingJobSummaries ?? [])
          yield listed(job.TrainingJobName, job.TrainingJobStatus, job.LastModifiedTime ?? job.CreationTime);
        if (!(NextToken = page.NextToken)) return;
      }
    },
  };
}

export function processingJobs(client: Client): SageMakerJobs<CreateProcessingJobRequest> {
  return {
    kind: 'processing',
    create: async (request) => void (await (await client()).createProcessingJob(request)),
    async describe(sageMakerName) {
      const found = await unlessMissing((await client()).describeProcessingJob({ ProcessingJobName: sageMakerName }));
      if (!found) return null;
      return {
        ...times(found.ProcessingStartTime, found.ProcessingEndTime, found.LastModifiedTime),
        sageMakerName,
        status: found.ProcessingJobStatus as SeenJob['status'],
        secondaryStatus: null,
        statusMessage: null,
        failureReason: [found.FailureReason, found.ExitMessage].filter(Boolean).join(': '),
        environment: found.Environment ?? {},
        billed: null,
      };
    },
    stop: async (sageMakerName) => void (await (await client()).stopProcessingJob({ ProcessingJobName: sageMakerName })),
    async *list(filter) {
      for (let NextToken: string | undefined; ;) {
        const page = await (await client()).listProcessingJobs({ ...listInput(filter), ...(NextToken && { NextToken }) });
        for (const job of page.ProcessingJobSummaries ?? [])
          yield listed(job.ProcessingJobName, job.ProcessingJobStatus, job.LastModifiedTime ?? job.CreationTime);
        if (!(NextToken = page.NextToken)) return;
      }
    },
  };
}

function listInput(filter: { namePrefix: string } & ({ sinceMs: number } | { running: true })) {
  return {
    NameContains: filter.namePrefix,
    MaxResults: 100,
    ...('sinceMs' in filter ? { LastModifiedTimeAfter: new Date(filter.sinceMs) } : { StatusEquals: 'InProgress' as const }),
  };
}

function listed(name: string | undefined, status: string | undefined, modified: Date | undefined): ListedJob {
  return { sageMakerName: name ?? '', status: status as SeenJob['status'], modifiedMs: modified?.getTime() ?? 0 };
}

function times(started: Date | undefined, ended: Date | undefined, modified: Date | undefined) {
  return {
    startedAt: started?.toISOString() ?? null,
    endedAt: ended?.toISOString() ?? null,
    modifiedMs: modified?.getTime() ?? 0,
  };
}
