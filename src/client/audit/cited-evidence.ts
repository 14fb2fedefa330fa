import type { LedgerProblem } from '../../domain/decide/audit-chain.js';
import { Candidate, type ModelVersion } from '../../domain/candidate.js';
import { ModelCode } from '../../domain/code.js';
import type { Digest } from '../../domain/digest.js';
import { parseDocument } from '../../domain/document.js';
import { Evidence, type Stage } from '../../domain/evidence.js';
import { RatchetError, type FailureType } from '../../domain/failure.js';
import type { FiledRecord } from '../../domain/ledger-file.js';
import type { LedgerBody } from '../../domain/ledger.js';
import { SnapshotOutput, TrainOutput } from '../../domain/stage-jobs.js';
import { WatchDocument } from '../../domain/watch-document.js';
import type { ObjectStore } from '../../ports/object-store.js';

/** A digest that a record or a document names, and where. */
interface Citation {
  readonly digest: Digest;
  readonly field: string;
  readonly kind: CitationKind;
}

/**
 * evidence: of a stage; it cites others. document: may cite others, as code, a candidate, or evidence that another document was
 * made from do. watch: what was seen of traffic, which cites the one before. plain: must be there, unchanged. data: rows;
 * where retention deleted them, that is no fault.
 */
type CitationKind = 'evidence' | 'document' | 'plain' | 'data' | 'watch';

export interface CitedEvidenceOptions {
  /** What was looked at already, by kind and digest, or found to be no good, by digest; added to. What was only seen to be there may still cite others. */
  readonly seen: Set<string>;
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
      const fresh = citations.filter((citation) => (withData || citation.kind !== 'data') && isNew(seen, citation));
      const looks = await Promise.all(fresh.map((citation) => look(store, citation)));
      for (const [index, { problem }] of looks.entries()) {
        if (problem === null) continue;
        problems.push({ seq: record.seq, ...problem });
        seen.add(fresh[index]!.digest);
      }
      citations = looks.flatMap(({ cites }) => cites);
    }
  }
  return problems;
}

function isNew(seen: Set<string>, { kind, digest }: Citation): boolean {
  const size = seen.size;
  if (seen.has(digest)) return false;
  return seen.add(`${kind} ${digest}`).size > size;
}

function citationsOf(body: LedgerBody): Citation[] {
  switch (body.kind) {
    case 'spec-applied':
      return [plain('body.specDigest', body.specDigest), document('body.codeDigest', body.codeDigest)];
    case 'cycle-started':
      return [plain('body.specDigest', body.specDigest), document('body.codeDigest', body.codeDigest), ...stages('body.cites', body.cites)];
    case 'judged':
      return [evidence('body.verdictDigest', body.verdictDigest)];
    case 'approved':
      return [document('body.candidateDigest', body.candidateDigest)];
    case 'promoted':
    case 'exposed':
      return version('body.version', body.version);
    case 'withdrawn':
      return [document('body.candidateDigest', body.candidateDigest), ...watch(body.analysisDigest)];
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
  return [document(`${field}.candidateDigest`, candidateDigest), plain(`${field}.model.digest`, model.digest)];
}

/** The last document of a watch names the one before it. */
function watch(digest: Digest | null, field = 'body.analysisDigest'): Citation[] {
  return digest === null ? [] : [{ field, digest, kind: 'watch' }];
}

function plain(field: string, digest: Digest): Citation {
  return { field, digest, kind: 'plain' };
}

function document(field: string, digest: Digest): Citation {
  return { field, digest, kind: 'document' };
}

function evidence(field: string, digest: Digest): Citation {
  return { field, digest, kind: 'evidence' };
}

interface Look {
  readonly problem: Pick<LedgerProblem, 'field' | 'message'> | null;
  readonly cites: Citation[];
}

/** That a document cannot be read is as bad; where the whole store is away, reading the next records says so. */
const NO_GOOD: ReadonlySet<FailureType> = new Set(['EvidenceMissing', 'EvidenceCorrupt', 'AccessDenied', 'StoreUnavailable']);

async function look(store: ObjectStore, { digest, field, kind }: Citation): Promise<Look> {
  try {
    if (kind === 'data' && !(await store.hasDigest(digest))) return { problem: null, cites: [] };
    const bytes = await readTwice(store, digest);
    if (kind === 'watch') return { problem: null, cites: watch(parseDocument(WatchDocument, 'watch', digest, bytes).previous, field) };
    if (kind === 'evidence') return { problem: null, cites: citedByEvidence(field, asJson(bytes)) ?? unexpected(field) };
    return { problem: null, cites: kind === 'document' ? citedBy(field, asJson(bytes)) : [] };
  } catch (error) {
    if (error instanceof RatchetError && NO_GOOD.has(error.type)) {
      return { problem: { field, message: error.message }, cites: [] };
    }
    throw error;
  }
}

/** One answer that was lost is no evidence that was: a ledger must not be called broken for it. */
async function readTwice(store: ObjectStore, digest: Digest): Promise<Uint8Array> {
  try {
    return await store.getByDigest(digest);
  } catch (error) {
    if (!(error instanceof RatchetError) || error.type !== 'StoreUnavailable') throw error;
    return store.getByDigest(digest);
  }
}

/** What a document names that need not be evidence. One of another shape names nothing: replay and promotion refuse it. */
function citedBy(field: string, value: unknown): Citation[] {
  return citedByEvidence(field, value) ?? citedByCandidate(field, value) ?? citedByCode(field, value) ?? [];
}

/** @returns null: it is no evidence */
function citedByEvidence(field: string, value: unknown): Citation[] | null {
  const { data } = Evidence.safeParse(value);
  if (data === undefined) return null;
  const from = Object.entries(data.from).map(([name, digest]) => document(`${field} → from.${name}`, digest));
  return [...from, ...namedIn(field, data.stage, data.body)];
}

function unexpected(field: string): never {
  throw new RatchetError('EvidenceCorrupt', `${field}: expected an evidence document, found something else`);
}

/** Its config, policy and baseline are digests of what lies elsewhere in it or in other records. */
function citedByCandidate(field: string, value: unknown): Citation[] | null {
  const { data } = Candidate.safeParse(value);
  if (data === undefined) return null;
  const { modelDigest, datasetDigest, codeDigest, evidence: byStage } = data;
  return [
    plain(`${field} → modelDigest`, modelDigest),
    plain(`${field} → datasetDigest`, datasetDigest),
    document(`${field} → codeDigest`, codeDigest),
    ...stages(`${field} → evidence`, byStage),
  ];
}

function citedByCode(field: string, value: unknown): Citation[] | null {
  const { data } = ModelCode.safeParse(value);
  return data === undefined ? null : [plain(`${field} → source`, data.source), plain(`${field} → trainer`, data.trainer)];
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
