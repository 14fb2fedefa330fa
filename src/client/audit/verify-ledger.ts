import { createChainAudit, type ChainAudit, type LedgerProblem } from '../../domain/decide/audit-chain.js';
import type { Digest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import { parseRecord, signedBytes, type FiledRecord } from '../../domain/ledger-file.js';
import type { LedgerRecord } from '../../domain/ledger.js';
import { isSignedBy } from '../../domain/public-key.js';
import type { ObjectStore } from '../../ports/object-store.js';
import { checkCitedEvidence } from './cited-evidence.js';
import { createKeyring, type GivenKey, type Keyring } from './keyring.js';
import { readLedger, type Place } from './read-ledger.js';

/** A head that was noted outside the store, to see whether the end was cut off. */
export interface ExpectedHead {
  readonly seq: number;
  readonly digest: Digest;
}

export interface VerifyOptions {
  /** Public keys (SPKI, PEM) that came another way than through the store: a signature by any other key is a problem. */
  readonly givenKeys?: readonly GivenKey[];
  readonly expectedHead?: ExpectedHead;
  /** Whether every document and model file that the records cite must lie in the store, unchanged. */
  readonly evidence?: boolean;
  /** With `evidence`: also the rows of snapshots that retention has not deleted. Each file is read whole. */
  readonly data?: boolean;
  /** Told after every batch: records so far. */
  readonly onProgress?: (records: number) => void;
}

/** What an audit found. The ledger holds where `problems` is empty. */
export interface LedgerAudit {
  readonly model: string;
  readonly records: number;
  /** Note it elsewhere: it is what `expectedHead` is compared with next time. null: no readable record. */
  readonly head: ExpectedHead | null;
  readonly problems: readonly LedgerProblem[];
  /** What no rule forbids, but a person should know: take-overs, new keys, what cannot be seen from here. */
  readonly notes: readonly string[];
}

/** More than these are counted, not listed. */
const PROBLEMS_MAX = 1000;

type Prepared =
  { readonly filed: FiledRecord; readonly isSigned: boolean | null; readonly keyProblem: string | null } | { readonly broken: string };

/**
 * Reads a whole ledger and says which record is wrong, and how: file names, order, chain, signatures by keys that the
 * ledger itself admitted, the rules of every record, and the state that each one claims.
 *
 * Needs nothing but the store: a copied folder will do. Never throws for what it finds, only where the store cannot be read.
 * @throws {RatchetError} ModelUnknown: there is no such ledger. StoreUnavailable. InputInvalid: a given public key is none.
 */
export async function verifyLedger(store: ObjectStore, model: string, options: VerifyOptions = {}): Promise<LedgerAudit> {
  const keyring = createKeyring(store, options.givenKeys);
  const chain = createChainAudit(model);
  const findings = createFindings(options.expectedHead);
  const unreadable = ({ message }: RatchetError): Prepared => ({ broken: `cannot be read: ${message}` });
  for await (const batch of readLedger(store, model, (_seq, bytes) => prepare(keyring, bytes), { unreadable })) {
    for (const place of batch) look(chain, findings, place);
    if (options.evidence === true) {
      const cited = { seen: findings.citationsSeen, withData: options.data === true };
      findings.add(await checkCitedEvidence(store, batch.flatMap(filedOf), cited));
    }
    options.onProgress?.(findings.count());
  }
  if (findings.count() === 0) throw new RatchetError('ModelUnknown', `${store.uri}: expected a ledger of ${model}, found none`);
  return findings.audit(model);
}

/** Everything that may run for many records at once. */
async function prepare(keyring: Keyring, bytes: Uint8Array): Promise<Prepared> {
  let filed: FiledRecord;
  try {
    filed = parseRecord('', bytes);
  } catch (error) {
    if (error instanceof RatchetError) return { broken: error.message.replace(/^: /, '') };
    throw error;
  }
  const { keyId, ed25519 } = filed.record.signature;
  const { key, problem } = await keyring.find(keyId);
  return { filed, isSigned: key === null ? null : await isSignedBy(key, signedBytes(filed.digest), ed25519), keyProblem: problem };
}

function look(chain: ChainAudit, findings: Findings, { seq, ...place }: Place<Prepared>): void {
  if (place.found === null) {
    chain.skip();
    const last = 'to' in place ? place.to : seq;
    findings.add([{ seq, field: '', message: last === seq ? `record ${seq} is missing` : `records ${seq} to ${last} are missing` }]);
    return;
  }
  if ('broken' in place.found) {
    chain.skip();
    findings.see(seq, null);
    findings.add([{ seq, field: '', message: place.found.broken }]);
    return;
  }
  const { filed, isSigned, keyProblem } = place.found;
  findings.see(seq, filed);
  if (keyProblem !== null) findings.add([{ seq, field: 'signature.keyId', message: keyProblem }]);
  findings.add(chain.next({ seq, ...filed, isSigned }));
}

function filedOf({ found }: Place<Prepared>): FiledRecord[] {
  return found !== null && 'filed' in found ? [found.filed] : [];
}

type Findings = ReturnType<typeof createFindings>;

function createFindings(expected: ExpectedHead | undefined) {
  const problems: LedgerProblem[] = [];
  const notes: string[] = [];
  const citationsSeen = new Set<string>();
  let records = 0;
  let head: ExpectedHead | null = null;
  let left = 0;
  return { see, add, audit, citationsSeen, count: () => records };

  function see(seq: number, filed: FiledRecord | null): void {
    records++;
    if (filed === null) return;
    head = { seq, digest: filed.digest };
    if (expected?.seq === seq && expected.digest !== filed.digest) {
      add([
        { seq, field: '', message: `expected the noted digest ${expected.digest}, found ${filed.digest}: the ledger was written anew` },
      ]);
    }
    notes.push(...notable(filed.record));
  }

  function add(found: readonly LedgerProblem[]): void {
    const room = Math.max(0, PROBLEMS_MAX - problems.length);
    problems.push(...found.slice(0, room));
    left += Math.max(0, found.length - room);
  }

  function audit(model: string): LedgerAudit {
    if (expected !== undefined && (head?.seq ?? 0) < expected.seq) {
      problems.push({
        seq: null,
        field: '',
        message: `expected at least the noted ${expected.seq} records, found ${head?.seq ?? 0}: the end was cut off`,
      });
    }
    if (left > 0) notes.push(`${left} more problems are not listed`);
    if (expected === undefined)
      notes.push('whether later records were cut off cannot be seen from the store alone: note the head elsewhere and give it next time');
    return { model, records, head, problems, notes };
  }
}

function notable({ seq, body }: LedgerRecord): string[] {
  if (body.kind === 'ledger-opened')
    return [`record 1: opened by ${body.owner} with the key ${body.keyId}, which nobody vouches for: compare it with the one you know`];
  if (body.kind === 'owner-changed') {
    return [
      `record ${seq}: ${body.requestedBy} gave the ledger from ${body.from} to ${body.owner} with the key ${body.keyId}, which nobody vouches for: ask them`,
    ];
  }
  return body.kind === 'key-added' ? [`record ${seq}: ${body.requestedBy} admitted the key ${body.keyId}`] : [];
}
