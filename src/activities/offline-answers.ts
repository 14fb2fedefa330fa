import type { z } from 'zod';
import { AgreeOutput, EvaluateOutput } from '../domain/stage-jobs.js';
import type { ServedRows } from '../domain/serving.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { CycleRef } from './cycle-context.js';
import { getEvidence } from './documents.js';

/** What a cycle's candidate answered before it was served; null where its evidence is from before models were served. */
export interface OfflineAnswers {
  readonly served: ServedRows;
  /** Of the whole holdout, SCORE_BINS counts. */
  readonly scoreHistogram: readonly number[];
}

/** Of a refit, its own answers: those of the judged sibling are another model's. @throws {RatchetError} EvidenceMissing, EvidenceCorrupt */
export async function offlineAnswers(store: ObjectStore, { evidence }: Pick<CycleRef, 'evidence'>): Promise<OfflineAnswers | null> {
  const { agree, evaluate } = evidence;
  if (agree !== undefined) return answersOf((await getEvidence(store, 'agree', AgreeOutput, agree)).body);
  return evaluate === undefined ? null : answersOf((await getEvidence(store, 'evaluate', EvaluateOutput, evaluate)).body);
}

type Answered = Pick<z.infer<typeof EvaluateOutput>, 'served' | 'scoreHistogram'>;

function answersOf({ served, scoreHistogram }: Answered): OfflineAnswers | null {
  return served === undefined || scoreHistogram === undefined ? null : { served, scoreHistogram };
}
