import { describe, expect, inject, test } from 'vitest';
import { sageMakerName } from '../../../src/adapters/sagemaker/job-name.js';
import { describeJobCluster, jobEnd, nodeJob, runJob } from '../../contracts/job-cluster.js';
import { describeLongJobs } from '../../contracts/long-jobs.js';
import { onSageMaker, useSageMaker } from './sagemaker-in-test.js';

const signal = new AbortController().signal;

describe.skipIf(inject('versitygw') === null)('with a real S3 server (skipped where there is no Go to build it)', () => {
  const { open, fake } = useSageMaker();

  describeJobCluster('SageMaker', async () => open());
  describeLongJobs('SageMaker', async () => open());

  test('asks for what the model file says, and tags what it asks for', async () => {
    const { cluster } = open();
    const spec = nodeJob('write(1)', {
      checkpoints: 'm/train-0123',
      resources: { cpus: 3, memoryMiB: 9000, gpus: 1 },
      timeLimitSeconds: 600,
      cluster: {
        ...onSageMaker,
        spot: { waitSecondsMax: 3600 },
        network: { subnets: ['subnet-1'], securityGroups: ['sg-1'] },
        kmsKey: 'alias/ratchet',
        tags: { team: 'risk' },
      },
    });
    expect(await runJob(cluster, spec)).toMatchObject({
      phase: 'Succeeded',
      output: 1,
      billed: { machineType: 'ml.g5.xlarge', machines: 1 },
    });
    const { Tags, ...request } = fake().request(sageMakerName('ratchet', spec.name))!;
    expect(request).toMatchObject({
      RoleArn: 'arn:aws:iam::000000000000:role/ratchet-job',
      AlgorithmSpecification: { TrainingImage: 'trainer:1', TrainingInputMode: 'File' },
      ResourceConfig: { InstanceType: 'ml.g5.xlarge', InstanceCount: 1, VolumeKmsKeyId: 'alias/ratchet' },
      OutputDataConfig: { KmsKeyId: 'alias/ratchet', S3OutputPath: 's3://ratchet-test/team/sagemaker/output' },
      EnableManagedSpotTraining: true,
      StoppingCondition: { MaxRuntimeInSeconds: 1200, MaxWaitTimeInSeconds: 4800 },
      CheckpointConfig: { S3Uri: 's3://ratchet-test/team/checkpoints/m/train-0123' },
      VpcConfig: { Subnets: ['subnet-1'], SecurityGroupIds: ['sg-1'] },
    });
    expect(Tags).toEqual(
      expect.arrayContaining([
        { Key: 'team', Value: 'risk' },
        { Key: 'ratchet:model', Value: 'm' },
        { Key: 'ratchet:job', Value: spec.name },
      ]),
    );
  });

  test('other stages run as processing jobs', async () => {
    const { cluster } = open();
    const spec = nodeJob('write(input.rows)', { name: `m-c3-evaluate-a1`, stage: 'evaluate' });
    expect(await runJob(cluster, spec)).toMatchObject({ phase: 'Succeeded', output: 3 });
    expect(fake().request(sageMakerName('ratchet', spec.name))).toMatchObject({ AppSpecification: { ImageUri: 'trainer:1' } });
    await cluster.submit(spec, signal);
    await cluster.stop(spec.name);
    expect(await cluster.describe(spec.name)).toMatchObject({ phase: 'Succeeded' });
  });

  test('a warm machine is asked for by keepAliveSeconds, and not beside spot', async () => {
    const { cluster } = open();
    const warm = nodeJob('write(1)', { cluster: { ...onSageMaker, keepAliveSeconds: 600 } });
    await runJob(cluster, warm);
    expect(fake().request(sageMakerName('ratchet', warm.name))).toMatchObject({ ResourceConfig: { KeepAlivePeriodInSeconds: 600 } });
    const both = nodeJob('write(1)', { cluster: { ...onSageMaker, keepAliveSeconds: 600, spot: { waitSecondsMax: 60 } } });
    await expect(cluster.submit(both, signal)).rejects.toMatchObject({
      type: 'JobSpecInvalid',
      message: expect.stringContaining('keepAliveSeconds'),
    });
  });

  test('says which machines it knows where none holds what the job needs', async () => {
    const spec = nodeJob('write(1)', { resources: { cpus: 1, memoryMiB: 100_000, gpus: 0 } });
    await expect(open().cluster.submit(spec, signal)).rejects.toMatchObject({
      type: 'JobSpecInvalid',
      message: expect.stringMatching(/100000 MiB.*ml\.g5\.xlarge/),
    });
  });

  test('takes up the job whose answer was lost: one job, one process, the same result', async () => {
    const { cluster } = open();
    const spec = nodeJob('write(process.pid)');
    const before = fake().calls.filter((call) => call === 'CreateTrainingJob').length;
    fake().fail('CreateTrainingJob', { kind: 'lostReply' });
    await cluster.submit(spec, signal);
    expect(fake().calls.filter((call) => call === 'CreateTrainingJob')).toHaveLength(before + 2);
    const first = await jobEnd(cluster, spec.name);
    const later = open().cluster; // another worker, a month later
    await later.submit(spec, signal);
    expect(await later.describe(spec.name)).toEqual({ ...first, progressReadAt: expect.any(String) });
    expect(fake().calls.filter((call) => call === 'CreateTrainingJob')).toHaveLength(before + 2);
  });
});
