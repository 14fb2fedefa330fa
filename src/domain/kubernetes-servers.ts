import { z } from 'zod';
import { ClaimedVolume, DnsLabel, DnsName, SecretVariable, Toleration } from './kubernetes-cluster.js';

/** Where model servers listen, and their Service: routes lead there. */
export const SERVING_PORT = 8080;

const Labels = z.record(z.string(), z.string()).refine((labels) => Object.keys(labels).length > 0, 'expected at least one label');

/** Who may ask model servers; several of these in one entry must hold together. */
export const NetworkSource = z
  .strictObject({
    namespace: DnsLabel.optional().describe('Pods of this namespace; absent: of the model servers’ own.'),
    pods: Labels.optional().describe('Pods with these labels; absent: all pods there.'),
    cidr: z
      .string()
      .regex(/^[0-9a-f.:]+\/\d+$/, 'expected a range of addresses, such as 10.0.0.0/16')
      .optional()
      .describe('Instead of pods: addresses outside of the cluster.'),
  })
  .refine(({ cidr, namespace, pods }) => (cidr === undefined) !== (namespace === undefined && pods === undefined), {
    error: 'expected either cidr, or namespace and pods',
  });

/** The servers of each version as a Deployment: everything that its pods take from the model file. */
export const KubernetesServers = z.strictObject({
  kind: z.literal('kubernetes').describe('Model servers are pods of a Kubernetes cluster that the worker knows.'),
  namespace: DnsLabel.optional().describe('One of the worker’s namespaces for serving; absent: its first.'),
  image: z
    .string()
    .regex(/^\S+$/, 'expected an image')
    .describe('In which `python -m ratchet_serve` starts: that of the Dockerfile, best named by digest (`…@sha256:…`).'),
  imagePullSecrets: z.array(DnsName).default([]).describe('Secrets with the passwords of registries.'),
  serviceAccount: DnsName.optional().describe(
    'What the servers are, towards the cloud; its token is not mounted. Absent: the namespace’s default.',
  ),
  cpus: z.number().positive().default(1).describe('Processors that each server asks for.'),
  memoryMiB: z.number().int().min(128).default(1024).describe('Memory that each server asks for, and may have at most.'),
  replicasMax: z
    .number()
    .int()
    .min(2)
    .max(1000)
    .optional()
    .describe('So many servers a version may grow to under load, from `serving.replicas`; absent: it does not grow.'),
  cpuPercentTarget: z
    .number()
    .int()
    .min(10)
    .max(100)
    .default(70)
    .describe('With replicasMax: servers are added where they use more of their `cpus` than this, on average.'),
  nodeSelector: z.record(z.string(), z.string()).default({}).describe('Labels that the node must have.'),
  tolerations: z.array(Toleration).default([]).describe('Taints of nodes that the servers put up with.'),
  priorityClass: DnsName.optional().describe('Whom they may push aside, and who them.'),
  secrets: z
    .array(SecretVariable)
    .default([])
    .describe('Environment variables from Secrets, as those of the object store: by reference, their values are never read.'),
  volumes: z.array(ClaimedVolume).default([]).describe('An object store that is a folder; with one on S3 none is needed.'),
  allowFrom: z
    .array(NetworkSource)
    .min(1)
    .optional()
    .describe(
      'A NetworkPolicy lets in these and nobody else: the gateway, the worker and Prometheus must be among them. Absent: no policy.',
    ),
  runAsUser: z.number().int().min(1).default(10001).describe('User and group of the process; never root.'),
  shutdownSecondsMax: z
    .number()
    .int()
    .min(30)
    .max(3600)
    .default(120)
    .describe(
      'So long a server that is told to end may take to answer what it was asked and to bring its predictions to the object store.',
    ),
});
export type KubernetesServers = z.infer<typeof KubernetesServers>;
