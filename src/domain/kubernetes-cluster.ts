import { z } from 'zod';

export const DnsLabel = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected lower-case letters, digits and dashes, at most 63');
export const DnsName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'expected a name of lower-case letters, digits, dashes and dots');

export const Toleration = z.strictObject({
  key: z.string().min(1).optional().describe('The taint; absent, with Exists: all of them.'),
  operator: z.enum(['Equal', 'Exists']).default('Equal').describe('Equal: the taint has this value. Exists: whatever its value.'),
  value: z.string().optional().describe('With Equal.'),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional().describe('Absent: any.'),
});

export const SecretVariable = z.strictObject({
  variable: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/, 'expected an environment variable name')
    .describe('The variable that the job sees.'),
  secret: DnsName.describe('The Secret, in the job’s namespace.'),
  key: z.string().min(1).describe('Which of its keys.'),
});

export const ClaimedVolume = z.strictObject({
  claim: DnsName.describe('A PersistentVolumeClaim, in the job’s namespace.'),
  mountPath: z
    .string()
    .regex(/^\/[^:]+$/, 'expected an absolute path')
    .describe('Where the job finds it.'),
  subPath: z
    .string()
    .min(1)
    .refine((path) => !path.startsWith('/') && !path.split('/').includes('..'), 'expected a path inside the volume')
    .optional()
    .describe('A folder of it; absent: all of it.'),
  readOnly: z.boolean().default(false).describe('Whether the job may not write there.'),
});

/** A training as a batch/v1 Job: everything that its pod template takes from the model file. */
export const KubernetesCluster = z.strictObject({
  kind: z.literal('kubernetes').describe('Trains as a Job of a Kubernetes cluster that the worker knows.'),
  image: z
    .string()
    .regex(/^\S+$/, 'expected an image')
    .describe(
      'What the trainer runs in, best named by digest (`…@sha256:…`). It holds `sh`, `cp` and `head`; the files of `trainer.files` travel beside it.',
    ),
  imagePullSecrets: z.array(DnsName).default([]).describe('Secrets with the passwords of registries.'),
  namespace: DnsLabel.optional().describe('One of the worker’s namespaces; absent: its first.'),
  serviceAccount: DnsName.optional().describe(
    'What the job is, towards the cloud; its token is not mounted. Absent: the namespace’s default.',
  ),
  nodeSelector: z.record(z.string(), z.string()).default({}).describe('Labels that the node must have.'),
  tolerations: z.array(Toleration).default([]).describe('Taints of nodes that the job puts up with.'),
  priorityClass: DnsName.optional().describe('Whom it may push aside, and who it.'),
  queue: DnsLabel.optional().describe('A Kueue LocalQueue: the job waits, suspended, until Kueue lets it in. Absent: it starts at once.'),
  gpuResource: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, 'expected domain/name')
    .default('nvidia.com/gpu')
    .describe('What `resources.gpus` counts.'),
  secrets: z.array(SecretVariable).default([]).describe('Environment variables from Secrets: by reference, their values are never read.'),
  volumes: z
    .array(ClaimedVolume)
    .default([])
    .describe('Data and checkpoints that lie on volumes; with an object store on S3 none is needed.'),
  checkpointClaim: DnsName.optional().describe(
    'A PersistentVolumeClaim that keeps `trainer.checkpoints`; absent: they lie in the object store, if that is on S3.',
  ),
  runAsUser: z.number().int().min(1).default(10001).describe('User and group of the process; never root.'),
  pendingSecondsMax: z
    .number()
    .int()
    .min(1)
    .default(3600)
    .describe('Without a node, its quota or its image for longer than this the job is given up as starved or invalid.'),
  ttlSeconds: z
    .number()
    .int()
    .min(60)
    .default(7 * 86_400)
    .describe('So long after its end the Job stays: for people to look at, and for a worker that was away to read the result.'),
});
export type KubernetesCluster = z.infer<typeof KubernetesCluster>;
