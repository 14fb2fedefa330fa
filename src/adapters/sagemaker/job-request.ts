import type { CreateProcessingJobRequest, CreateTrainingJobRequest } from '@aws-sdk/client-sagemaker';
import type { Digest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import type { JobSpec } from '../../domain/job.js';
import type { SageMakerCluster, SageMakerMachine } from '../../domain/sagemaker-cluster.js';
import { sageMakerName } from './job-name.js';

/** SageMaker's own limit, and that only where AWS has raised the account's. */
const runSecondsMax = 28 * 86_400;
/** Ours ends it first, and says why; SageMaker's is the net below. */
const marginSeconds = 600;

/** What the worker knows, whatever the model. */
export interface SageMakerAccount {
  /** What jobs are, towards AWS: reads and writes the object store. */
  readonly roleArn: string;
  /** Begins the names of our jobs: an account may have several Ratchets. */
  readonly namePrefix: string;
  /** `s3://…`: orders, results, checkpoints. */
  readonly storeUri: string;
  /** Further variables of the container: where S3 is, how often it tells its progress. */
  readonly environment: Readonly<Record<string, string>>;
}

export function trainingRequest(
  spec: JobSpec,
  cluster: SageMakerCluster,
  order: Digest,
  account: SageMakerAccount,
): CreateTrainingJobRequest {
  const run = runSeconds(spec);
  const { spot, network, kmsKey, keepAliveSeconds } = cluster;
  if (spot && keepAliveSeconds !== undefined)
    throw refused(spec, 'keepAliveSeconds', 'no warm machines beside spot: SageMaker keeps none of those', `${keepAliveSeconds} s`);
  return {
    TrainingJobName: sageMakerName(account.namePrefix, spec.name),
    RoleArn: account.roleArn,
    AlgorithmSpecification: { TrainingImage: cluster.image, TrainingInputMode: 'File', ContainerEntrypoint: cluster.entrypoint },
    OutputDataConfig: { S3OutputPath: `${account.storeUri}/sagemaker/output`, ...(kmsKey && { KmsKeyId: kmsKey }) },
    ResourceConfig: {
      InstanceType: machineFor(spec, cluster).type as NonNullable<CreateTrainingJobRequest['ResourceConfig']>['InstanceType'],
      InstanceCount: 1,
      VolumeSizeInGB: cluster.volumeGiB,
      ...(kmsKey && { VolumeKmsKeyId: kmsKey }),
      ...(keepAliveSeconds !== undefined && { KeepAlivePeriodInSeconds: keepAliveSeconds }),
    },
    StoppingCondition: { MaxRuntimeInSeconds: run, ...(spot && { MaxWaitTimeInSeconds: run + spot.waitSecondsMax }) },
    EnableManagedSpotTraining: spot !== undefined,
    ...(spec.checkpoints !== undefined && { CheckpointConfig: { S3Uri: checkpointsUri(account.storeUri, spec.checkpoints) } }),
    ...(network && { VpcConfig: { Subnets: network.subnets, SecurityGroupIds: network.securityGroups } }),
    Environment: containerEnvironment(spec, order, account),
    Tags: tagsOf(spec, cluster, order),
  };
}

export function processingRequest(
  spec: JobSpec,
  cluster: SageMakerCluster,
  order: Digest,
  account: SageMakerAccount,
): CreateProcessingJobRequest {
  const { network, kmsKey } = cluster;
  return {
    ProcessingJobName: sageMakerName(account.namePrefix, spec.name),
    RoleArn: account.roleArn,
    AppSpecification: { ImageUri: cluster.image, ContainerEntrypoint: cluster.entrypoint },
    ProcessingResources: {
      ClusterConfig: {
        InstanceType: machineFor(spec, cluster).type as NonNullable<
          NonNullable<CreateProcessingJobRequest['ProcessingResources']>['ClusterConfig']
        >['InstanceType'],
        InstanceCount: 1,
        VolumeSizeInGB: cluster.volumeGiB,
        ...(kmsKey && { VolumeKmsKeyId: kmsKey }),
      },
    },
    StoppingCondition: { MaxRuntimeInSeconds: runSeconds(spec) },
    ...(network && { NetworkConfig: { VpcConfig: { Subnets: network.subnets, SecurityGroupIds: network.securityGroups } } }),
    Environment: containerEnvironment(spec, order, account),
    Tags: tagsOf(spec, cluster, order),
  };
}

export function checkpointsUri(storeUri: string, place: string): string {
  return `${storeUri}/checkpoints/${place}`;
}

/** The first that holds what the job needs: one that starved asks for more and gets a larger. */
function machineFor(spec: JobSpec, { machines }: SageMakerCluster): SageMakerMachine {
  const { cpus, memoryMiB, gpus } = spec.resources;
  const found = machines.find((machine) => machine.cpus >= cpus && machine.memoryMiB >= memoryMiB && machine.gpus >= gpus);
  if (found) return found;
  const known = machines.map((machine) => `${machine.type} (${machine.cpus} cores, ${machine.memoryMiB} MiB, ${machine.gpus} GPUs)`);
  throw refused(spec, 'machines', `one with ${cpus} cores, ${memoryMiB} MiB and ${gpus} GPUs`, known.join(', '));
}

function runSeconds(spec: JobSpec): number {
  if (spec.timeLimitSeconds > runSecondsMax)
    throw new RatchetError(
      'JobSpecInvalid',
      `job ${spec.name}: timeLimitSeconds: expected at most ${runSecondsMax} (28 days, SageMaker's limit), found ${spec.timeLimitSeconds}`,
      { remedy: 'lower trainer.timeLimitSeconds, or train on another cluster; then: ratchet retry' },
    );
  return Math.min(spec.timeLimitSeconds + marginSeconds, runSecondsMax);
}

function containerEnvironment(spec: JobSpec, order: Digest, account: SageMakerAccount): Record<string, string> {
  return {
    ...account.environment,
    ...(spec.graceSeconds !== undefined && { RATCHET_GRACE_SECONDS: String(spec.graceSeconds) }),
    RATCHET_STORE_URI: account.storeUri,
    RATCHET_JOB_ORDER: order,
    RATCHET_JOB_NAME: spec.name,
    RATCHET_MODEL: spec.model,
    RATCHET_CYCLE: String(spec.cycle),
  };
}

function tagsOf(spec: JobSpec, { tags }: SageMakerCluster, order: Digest): { Key: string; Value: string }[] {
  const ours = {
    'ratchet:model': spec.model,
    'ratchet:cycle': String(spec.cycle),
    'ratchet:stage': spec.stage,
    'ratchet:job': spec.name,
    'ratchet:spec-digest': order,
  };
  return Object.entries({ ...tags, ...ours }).map(([Key, Value]) => ({ Key, Value }));
}

function refused(spec: JobSpec, field: string, expected: string, found: string): RatchetError {
  return new RatchetError('JobSpecInvalid', `job ${spec.name}: trainer.cluster.${field}: expected ${expected}, found ${found}`, {
    remedy: 'correct the model file, apply, then: ratchet retry',
  });
}
