import { readEvidence } from '../client/audit/past-cycle.js';
import type { Digest } from '../domain/digest.js';
import type { Stage } from '../domain/evidence.js';
import { EvaluateOutput } from '../domain/stage-jobs.js';
import { Verdict } from '../domain/verdict.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { CycleState } from '../workflows/messages.js';
import { candidateCard } from './render/candidate-card.js';

/** The card of a cycle's candidate, with the numbers read from its evidence. @throws {RatchetError} EvidenceMissing, EvidenceCorrupt */
export async function describeCandidate(
  store: ObjectStore,
  state: CycleState,
): Promise<{ card: string[]; verdict: Verdict | null; evaluation: EvaluateOutput | null }> {
  const [judged, evaluated] = [digestOf(state, 'judge'), digestOf(state, 'evaluate')];
  const verdict = judged === null ? null : (await readEvidence(store, 'judge', Verdict, judged)).body;
  const evaluation = evaluated === null ? null : (await readEvidence(store, 'evaluate', EvaluateOutput, evaluated)).body;
  return { card: candidateCard(state, verdict, evaluation), verdict, evaluation };
}

function digestOf(state: CycleState, stage: Stage): Digest | null {
  return state.stages.find((entry) => entry.stage === stage)?.result?.evidenceDigest ?? null;
}
