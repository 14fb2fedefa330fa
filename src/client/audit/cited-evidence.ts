import type { LedgerProblem } from '../../domain/decide/audit-chain.js';
import type { Digest } from '../../domain/digest.js';
import { Evidence } from '../../domain/evidence.js';
import { RatchetError } from '../../domain/failure.js';
import type { FiledRecord } from '../../domain/ledger-file.js';
import type { LedgerBody } from '../../domain/ledger.js';
import type { ObjectStore } from '../../ports/object-store.js';

/** A digest that a record or a document names, and where. */
interface Citation {
  readonly digest: Digest;
  readonly field: string;
  /** Whether it is an evidence document, which cites others. */
  readonly isEvidence: boolean;
}

/**
 * Whether everything that these records cite lies in the store, unchanged, and what that evidence was made from as well.
 * Data sets are named inside of evidence and are left out: retention may delete them.
 * @param seen digests that were looked at already; added to.
 */
export async function checkCitedEvidence(store: ObjectStore, filed: readonly FiledRecord[], seen: Set<Digest>): Promise<LedgerProblem[]> {
  const problems: LedgerProblem[] = [];
  for (const { record } of filed) {
    let citations = citationsOf(record.body);
    while (citations.length > 0) {
      const fresh = citations.filter(({ digest }) => !seen.has(digest));
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
      return [
        plain('body.version.candidateDigest', body.version.candidateDigest),
        plain('body.version.model.digest', body.version.model.digest),
      ];
    case 'cycle-ended':
      return stages('body.evidence', body.evidence);
    default:
      return [];
  }
}

function stages(field: string, digests: Readonly<Record<string, Digest | undefined>>): Citation[] {
  return Object.entries(digests).flatMap(([stage, digest]) => (digest === undefined ? [] : [evidence(`${field}.${stage}`, digest)]));
}

function plain(field: string, digest: Digest): Citation {
  return { field, digest, isEvidence: false };
}

function evidence(field: string, digest: Digest): Citation {
  return { field, digest, isEvidence: true };
}

interface Look {
  readonly problem: Pick<LedgerProblem, 'field' | 'message'> | null;
  readonly cites: Citation[];
}

async function look(store: ObjectStore, { digest, field, isEvidence }: Citation): Promise<Look> {
  try {
    const bytes = await store.getByDigest(digest);
    return { problem: null, cites: isEvidence ? citedBy(field, bytes) : [] };
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
  return Object.entries(document.data.from).map(([name, digest]) => plain(`${field} → from.${name}`, digest));
}

function asJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
}
