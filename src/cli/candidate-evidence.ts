import { parseDocument } from '../domain/document.js';
import type { Digest } from '../domain/digest.js';
import type { Stage } from '../domain/evidence.js';
import { Evidence } from '../domain/evidence.js';
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
  const judged = await bodyOf(store, state, 'judge');
  const evaluated = await bodyOf(store, state, 'evaluate');
  const verdict = judged && parseDocument(Verdict, 'verdict', judged.digest, judged.body);
  const evaluation = evaluated && parseDocument(EvaluateOutput, 'evaluation', evaluated.digest, evaluated.body);
  return { card: candidateCard(state, verdict, evaluation), verdict, evaluation };
}

async function bodyOf(store: ObjectStore, state: CycleState, stage: Stage): Promise<{ digest: Digest; body: Uint8Array } | null> {
  const digest = state.stages.find((entry) => entry.stage === stage)?.result?.evidenceDigest;
  if (!digest) return null;
  const evidence = parseDocument(Evidence, `${stage} evidence`, digest, await store.getByDigest(digest));
  return { digest, body: Buffer.from(JSON.stringify(evidence.body)) };
}
