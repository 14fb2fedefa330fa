import { z } from 'zod';
import { SageMakerNetwork, SageMakerTag } from './sagemaker-cluster.js';

/** So long SageMaker may take for a shift: one that begins or ends copies starts all machines anew, beside the old ones. */
export const SAGEMAKER_SHIFT_SECONDS_MAX = 2400;

/** So long after its end a period of CloudWatch is taken for whole. */
export const CLOUDWATCH_LAG_SECONDS = 120;

/** The servers of a version as a variant of a SageMaker endpoint: everything that the requests take from the model file. */
export const SageMakerServers = z.strictObject({
  kind: z.literal('sagemaker').describe('Model servers are variants of a SageMaker endpoint, one endpoint a model.'),
  image: z
    .string()
    .regex(/^\S{1,255}$/, 'expected an image')
    .describe('In ECR, best named by digest (`…@sha256:…`); its entrypoint starts `python -m ratchet_serve.container`.'),
  machineType: z
    .string()
    .regex(/^ml\.[a-z0-9-]+\.[a-z0-9]+$/, 'expected an instance type such as ml.m5.large')
    .describe('The instance type; `serving.replicas` says how many a version has.'),
  metricsSeconds: z
    .literal([10, 30, 60])
    .default(60)
    .describe('How often SageMaker tells CloudWatch what was asked; 10 and 30 are its enhanced metrics, and find harm sooner.'),
  network: SageMakerNetwork.optional().describe('Runs inside a VPC; absent: in SageMaker’s own.'),
  kmsKey: z.string().min(1).max(2048).optional().describe('The KMS key (id, alias or ARN) of the disks; absent: SageMaker’s own.'),
  tags: z.record(SageMakerTag, z.string().max(256)).default({}).describe('Tags of the endpoint, for bills and permissions.'),
});
export type SageMakerServers = z.infer<typeof SageMakerServers>;
