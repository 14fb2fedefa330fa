import { z } from 'zod';

/** A kind of machine, with what a job may have of it. */
export const SageMakerMachine = z.strictObject({
  type: z
    .string()
    .regex(/^ml\.[a-z0-9-]+\.[a-z0-9]+$/, 'expected an instance type such as ml.m5.xlarge')
    .describe('The instance type.'),
  cpus: z.number().positive().describe('Its cores.'),
  memoryMiB: z.number().int().positive().describe('Memory that a job may use there.'),
  gpus: z.number().int().min(0).default(0).describe('Its devices.'),
});
export type SageMakerMachine = z.infer<typeof SageMakerMachine>;

export const SageMakerSpot = z.strictObject({
  waitSecondsMax: z
    .number()
    .int()
    .min(60)
    .default(86_400)
    .describe('So long it may wait for spot machines, interruptions included, beside the time that it works.'),
});

export const SageMakerNetwork = z.strictObject({
  subnets: z
    .array(z.string().regex(/^subnet-[0-9a-z]+$/, 'expected a subnet id'))
    .min(1)
    .max(16)
    .describe('Subnets of the VPC, with a way to S3.'),
  securityGroups: z
    .array(z.string().regex(/^sg-[0-9a-z]+$/, 'expected a security group id'))
    .min(1)
    .max(5)
    .describe('What its machines may talk to.'),
});

/** The name of a tag of one's own. */
export const SageMakerTag = z
  .string()
  .regex(/^.{1,128}$/, 'expected 1 to 128 letters')
  .refine((name) => !/^(aws|ratchet):/i.test(name), 'expected a name that does not begin with aws: or ratchet:, which are taken');

/** A training as a SageMaker training job: everything that the request takes from the model file. */
export const SageMakerCluster = z.strictObject({
  kind: z.literal('sagemaker').describe('Trains as a SageMaker training job of the worker’s account and Region.'),
  image: z
    .string()
    .regex(/^\S{1,255}$/, 'expected an image')
    .describe('What the trainer runs in, in ECR, best named by digest (`…@sha256:…`). It holds Python with `ratchet_steps`.'),
  entrypoint: z
    .array(z.string().min(1).max(256))
    .min(1)
    .max(10)
    .default(['python', '-m', 'ratchet_steps.runner'])
    .describe('How the image starts the runner, which keeps the job contract.'),
  machines: z
    .array(SageMakerMachine)
    .min(1)
    .describe('Kinds of machine in the order of preference: the first that holds `resources` is taken, so one that starved gets a larger.'),
  volumeGiB: z.number().int().min(1).max(16_384).default(30).describe('Disk beside the machine.'),
  spot: SageMakerSpot.optional().describe('Trains on spot machines; give the trainer `checkpoints`. Absent: on demand.'),
  network: SageMakerNetwork.optional().describe('Runs inside a VPC; absent: in SageMaker’s own.'),
  kmsKey: z.string().min(1).max(2048).optional().describe('The KMS key (id, alias or ARN) of disk and output; absent: SageMaker’s own.'),
  keepAliveSeconds: z
    .number()
    .int()
    .min(1)
    .max(3600)
    .optional()
    .describe('Keeps the machine warm for so long for the next training (billed); not with spot. Absent: it is given back.'),
  tags: z.record(SageMakerTag, z.string().max(256)).default({}).describe('Tags of the job, for bills and permissions.'),
});
export type SageMakerCluster = z.infer<typeof SageMakerCluster>;
