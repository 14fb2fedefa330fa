import type { V1Job } from '@kubernetes/client-node';
import type { NamespaceCache } from './namespace-cache.js';

/** Where a job is: its Job and what watches it. */
export interface FoundJob {
  readonly namespace: string;
  readonly cache: NamespaceCache;
  readonly job: V1Job;
}
