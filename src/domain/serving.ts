import { z } from 'zod';
import type { Digest } from './digest.js';
import { KubernetesServers } from './kubernetes-servers.js';
import { RoutePlace } from './serving-cluster.js';
import { SageMakerServers } from './sagemaker-servers.js';
import { ServingSpec } from './serving-spec.js';
import { TrainedModel } from './stage-jobs.js';

export { FeatureRow, ServedRows } from './served-rows.js';

/**
 * Who answers. `champion`: the version in force. `challenger`: the one on its way, also while it bakes after its promotion.
 * `baseline`: fresh processes of the champion, for a fair comparison.
 */
export const Arm = z.enum(['champion', 'challenger', 'baseline']);
export type Arm = z.infer<typeof Arm>;

/** One version (or a fresh twin of it) as running servers. Names are made of workflow input: asked again, it is the same one. */
export const InstanceSpec = z.strictObject({
  /** `<model>-<cycle>`, or `<model>-<cycle>-fresh-<challenger’s cycle>`. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,120}$/),
  model: z.string(),
  version: z.string(),
  artifact: TrainedModel,
  /** What callers may send; the trained model's inputs are among these. */
  features: z.array(z.strictObject({ name: z.string(), type: z.enum(['number', 'category']), nullable: z.boolean() })),
  replicas: z.number().int().min(1),
  rowsMax: z.number().int().min(1),
  /** The header that names a caller, for counting each once; null: requests are counted. */
  keyHeader: z.string().nullable(),
  readySecondsMax: z.number().int().positive(),
  /** Where its servers run; absent: on the worker's machine. */
  cluster: z.discriminatedUnion('kind', [KubernetesServers, SageMakerServers]).optional(),
});
export type InstanceSpec = z.infer<typeof InstanceSpec>;

export interface Replica {
  /** host:port, where it answers the Open Inference Protocol and /metrics. */
  readonly address: string;
  readonly ready: boolean;
  /** How often it died and was started again. */
  readonly restarts: number;
}

export interface Instance {
  readonly name: string;
  readonly model: string;
  readonly version: string;
  readonly specDigest: Digest;
  readonly replicas: readonly Replica[];
  /** What others have changed of it where it runs, one field each, with who it was; absent: nothing. */
  readonly edits?: readonly string[];
}

/** A model's traffic: what the router is asked to do, under a number that only rises. */
export const Route = z.strictObject({
  model: z.string(),
  shift: z.number().int().min(0),
  /** Weights sum to 100. An arm with weight 0 is not listed. */
  splits: z.array(z.strictObject({ arm: Arm, instance: z.string(), weightPercent: z.number().int().min(1).max(100) })).min(1),
  /** Gets a copy of every request; its answers go nowhere. */
  mirror: z.strictObject({ arm: Arm, instance: z.string() }).nullable(),
  settings: ServingSpec.pick({
    stickyBy: true,
    timeoutMs: true,
    concurrentRequestsMax: true,
    outlier: true,
    rateLimit: true,
    jwt: true,
  }).extend({
    /** Where the route lies; absent: before the proxy of the worker's machine. */
    place: RoutePlace.optional(),
  }),
});
export type Route = z.infer<typeof Route>;
