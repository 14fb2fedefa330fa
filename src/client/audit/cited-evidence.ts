import type { LedgerProblem } from '../../domain/decide/audit-chain.js';
import type { ModelVersion } from '../../domain/candidate.js';
import type { Digest } from '../../domain/digest.js';
import { parseDocument } from '../../domain/document.js';
import { Evidence, type Stage } from '../../domain/evidence.js';
import { RatchetError } from '../../domain/failure.js';
import type { FiledRecord } from '../../domain/ledger-file.js';
import type { LedgerBody } from '../../domain/ledger.js';
import { SnapshotOutput, TrainOutput } from '../../domain/stage-jobs.js';
import { WatchDocument } from '../../domain/watch-document.js';
import type { ObjectStore } from '../../ports/object-store.js';

/** A digest that a record or a document names, and where. */
interface Citation {
  readonly digest: Digest;
  readonly field: string;
  /** evidence: a document that cites others. watch: what was seen of traffic, which cites the one before. plain: must be there, unchanged. data: rows; where retention deleted them, that is no fault. */
  readonly kind: 'evidence' | 'plain' | 'data' | 'watch';
}

export interface CitedEvidenceOptions {
  /** Digests that were looked at already; added to. */
  readonly seen: Set<Digest>;
  /** Whether the rows of snapshots that are still there are read as well. */
  readonly withData: boolean;
}

/**
 * Whether everything that these records cite lies in the store, unchanged: evidence, what it was made from, the manifests of
 * snapshots and the models.
 */
export async function checkCitedEvidence(
  store: ObjectStore,
  filed: readonly FiledRecord[],
  { seen, withData }: CitedEvidenceOptions,
): Promise<LedgerProblem[]> {
  const problems: LedgerProblem[] = [];
  for (const { record } of filed) {
    let citations = citationsOf(record.body);
    while (citations.length > 0) {
      const fresh = citations.filter(({ digest, kind }) => !seen.has(digest) && (withData || kind !== 'data'));
      for (const { digest } of fresh) seen.add(digest);
      const looks = await Promise.all(fresh.map((citation) => look(store, citation)));
      for (const { problem } of looks) if (problem !== null) problems.push({ seq: record.seq, ...problem });
      citations = looks.flatMap(({ cites }) => cites);
    }
  }
  return problems;
}

function citationsOf(body: LedgerBody): Citation[] {
  switch (body.kind) {
    case 'spec-applied':
      return [plain('body.specDigest', body.specDigest), plain('body.codeDigest', body.codeDigest)];
    case 'cycle-started':
      return [plain('body.specDigest', body.specDigest), plain('body.codeDigest', body.codeDigest), ...stages('body.cites', body.cites)];
    case 'judged':
      return [evidence('body.verdictDigest', body.verdictDigest)];
    case 'approved':
      return [plain('body.candidateDigest', body.candidateDigest)];
    case 'promoted':
    case 'exposed':
      return version('body.version', body.version);
    case 'withdrawn':
      return [plain('body.candidateDigest', body.candidateDigest), ...watch(body.analysisDigest)];
    case 'baked':
      return watch(body.analysisDigest);
    case 'rolled-back':
      return [...version('body.to', body.to), ...watch(body.analysisDigest ?? null)];
    case 'monitored':
      return [plain('body.documentDigest', body.documentDigest), plain('body.planDigest', body.planDigest)];
    case 'serving-paused':
      return body.documentDigest === null ? [] : [plain('body.documentDigest', body.documentDigest)];
    case 'cycle-ended':
      return stages('body.evidence', body.evidence);
    default:
      return [];
  }
}

function stages(field: string, digests: Readonly<Record<string, Digest | undefined>>): Citation[] {
  return Object.entries(digests).flatMap(([stage, digest]) => (digest === undefined ? [] : [evidence(`${field}.${stage}`, digest)]));
}

function version(field: string, { candidateDigest, model }: ModelVersion): Citation[] {
  return [plain(`${field}.candidateDigest`, candidateDigest), plain(`${field}.model.digest`, model.digest)];
}

/** The last document of a watch names the one before it. */
function watch(digest: Digest | null, field = 'body.analysisDigest'): Citation[] {
  return digest === null ? [] : [{ field, digest, kind: 'watch' }];
}

function plain(field: string, digest: Digest): Citation {
  return { field, digest, kind: 'plain' };
}

function evidence(field: string, digest: Digest): Citation {
  return { field, digest, kind: 'evidence' };
}

interface Look {
  readonly problem: Pick<LedgerProblem, 'field' | 'message'> | null;
  readonly cites: Citation[];
}

async function look(store: ObjectStore, { digest, field, kind }: Citation): Promise<Look> {
  try {
    if (kind === 'data' && !(await store.hasDigest(digest))) return { problem: null, cites: [] };
    const bytes = await store.getByDigest(digest);
    if (kind === 'watch') return { problem: null, cites: watch(parseDocument(WatchDocument, 'watch', digest, bytes).previous, field) };
    return { problem: null, cites: kind === 'evidence' ? citedBy(field, bytes) : [] };
  } catch (error) {
    if (error instanceof RatchetError && (error.type === 'EvidenceMissing' || error.type === 'EvidenceCorrupt')) {
      return { problem: { field, message: error.message }, cites: [] };
    }
    throw error;
  }
}

function citedBy(field: string, bytes: Uint8Array): Citation[] {
  const document = Evidence.safeParse(asJson(bytes));
  if (!document.success) throw new RatchetError('EvidenceCorrupt', `${field}: expected an evidence document, found something else`);
  const { from, stage, body } = document.data;
  return [...Object.entries(from).map(([name, digest]) => plain(`${field} → from.${name}`, digest)), ...namedIn(field, stage, body)];
}

/** What a stage's result names. A result of another shape names nothing: replay and promotion refuse it. */
function namedIn(field: string, stage: Stage, body: unknown): Citation[] {
  if (stage === 'snapshot') {
    const { data } = SnapshotOutput.safeParse(body);
    const files = data?.dataset.files ?? [];
    const manifest = data === undefined ? [] : [plain(`${field} → datasetDigest`, data.datasetDigest)];
    return [...manifest, ...files.map(({ part, digest }): Citation => ({ field: `${field} → ${part} rows`, digest, kind: 'data' }))];
  }
  const { data } = TrainOutput.safeParse(body);
  return data === undefined ? [] : [plain(`${field} → model`, data.model.digest)];
}

function asJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
}
