import type { LedgerState } from '../ledger.js';
import type { ModelSpec } from '../model-spec.js';
import type { EvaluateOutput } from '../stage-jobs.js';
import type { Verdict } from '../verdict.js';
import { judge } from './judge.js';

export interface JudgeCycleInput {
  readonly spec: ModelSpec;
  readonly policyDigest: string;
  /** The ledger's state when the cycle started. */
  readonly baseline: Pick<LedgerState, 'champion' | 'anchor' | 'comparisons'>;
  readonly evaluation: EvaluateOutput | null;
}

/** The verdict of a cycle: by a spec, against the champion, the anchor and the budget that the cycle started with. Pure. */
export function judgeCycle({ spec: { metadata, spec }, policyDigest, baseline, evaluation }: JudgeCycleInput): Verdict {
  return judge({
    gates: spec.gates,
    approval: spec.approval,
    tier: metadata.tier,
    policyDigest,
    evaluation,
    championExists: baseline.champion !== null,
    anchorExists: baseline.anchor !== null,
    comparisonIndex: baseline.comparisons + 1,
  });
}
