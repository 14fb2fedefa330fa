import { digestOf, type Digest } from './digest.js';
import type { ModelSpec } from './model-spec.js';

/** The digest of the rules that a candidate is judged and signed by: another rule is another policy, and voids approvals. */
export function policyDigestOf({ metadata, spec }: ModelSpec): Digest {
  const { gates, approval, refit, evaluation, rollout } = spec;
  return digestOf({ gates, approval, refit, evaluation, tier: metadata.tier, ...(rollout === undefined ? {} : { rollout }) });
}
