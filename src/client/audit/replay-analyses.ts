import { shortDigest, type Digest } from '../../domain/digest.js';
import { parseDocument } from '../../domain/document.js';
import type { LedgerBody } from '../../domain/ledger.js';
import { WatchDocument } from '../../domain/watch-document.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { recordsFrom } from './past-cycle.js';
import { goesOnWith, replayWatch, type WatchDifference } from './replay-watch.js';

/** A decision about a version's traffic that rests on what was seen. */
export interface ReplayedDecision {
  readonly seq: number;
  readonly kind: 'withdrawn' | 'baked' | 'rolled-back';
  readonly analysisDigest: Digest;
  readonly phase: WatchDocument['analysis']['phase'];
}

export interface AnalysesReplay {
  readonly decisions: readonly ReplayedDecision[];
  readonly watches: number;
  readonly windows: number;
  /** The oldest watch that does not come out again; null: all do. */
  readonly difference: (WatchDifference & { readonly watch: Digest; readonly step: string }) | null;
  /** What a reader should know that is no difference. */
  readonly notes: readonly string[];
}

/**
 * Computes every analysis of a cycle's rollout and bake again from the windows of traffic that were kept, back from the ones
 * that the ledger names to the first. Needs nothing but the store.
 * @throws {RatchetError} EvidenceMissing, EvidenceCorrupt: a document is gone, or not what it was. LedgerBroken.
 */
export async function replayAnalyses(store: ObjectStore, model: string, cycle: number): Promise<AnalysesReplay> {
  const decisions: ReplayedDecision[] = [];
  const notes: string[] = [];
  const seen = new Set<Digest>();
  let [windows, difference] = [0, null as AnalysesReplay['difference']];
  for (const { seq, kind, analysisDigest } of await decisionsOf(store, model, cycle)) {
    let document: WatchDocument | null = await readWatch(store, analysisDigest);
    decisions.push({ seq, kind, analysisDigest, phase: document.analysis.phase });
    let oldest: AnalysesReplay['difference'] = null;
    for (let digest = analysisDigest; document !== null && !seen.has(digest);) {
      seen.add(digest);
      windows += document.windows.length;
      const found = replayWatch(document);
      if (found.difference !== null) oldest = { watch: digest, step: document.step, ...found.difference };
      if (found.takenAsSaid !== null) notes.unshift(saidNote(digest, document, found.takenAsSaid));
      const previous: WatchDocument | null = document.previous === null ? null : await readWatch(store, document.previous);
      if (!goesOnWith(previous, document)) notes.unshift(gapNote(digest, document));
      digest = document.previous ?? digest;
      document = previous;
    }
    difference ??= oldest;
  }
  return { decisions, watches: seen.size, windows, difference, notes };
}

async function readWatch(store: ObjectStore, digest: Digest): Promise<WatchDocument> {
  return parseDocument(WatchDocument, 'watch', digest, await store.getByDigest(digest));
}

/** A long watch keeps its last windows, one whose worker died those after it; a store that was away got none. */
function gapNote(digest: Digest, { step }: WatchDocument): string {
  return `watch ${shortDigest(digest)} (${step}) begins with more than is kept: the windows before it were left out or lost`;
}

function saidNote(digest: Digest, { step }: WatchDocument, said: string): string {
  return `watch ${shortDigest(digest)} (${step}): taken as it was said, no count shows it: ${said}`;
}

type Decided = Pick<ReplayedDecision, 'seq' | 'kind' | 'analysisDigest'>;

/** A rollback names where it leads to: it is about the cycle whose version was champion before it. */
async function decisionsOf(store: ObjectStore, model: string, cycle: number): Promise<Decided[]> {
  const decided: Decided[] = [];
  let champion: number | undefined;
  for await (const { seq, body, after } of recordsFrom(store, model, cycle)) {
    const digest = analysisOf(body);
    if (digest !== null && ('cycle' in body ? body.cycle : champion) === cycle) decided.push({ seq, ...digest });
    champion = after.champion?.cycle;
  }
  return decided;
}

function analysisOf(body: LedgerBody): Pick<Decided, 'kind' | 'analysisDigest'> | null {
  if (body.kind !== 'withdrawn' && body.kind !== 'baked' && body.kind !== 'rolled-back') return null;
  const { kind, analysisDigest } = body;
  return analysisDigest == null ? null : { kind, analysisDigest };
}
