import { canonicalJson, digestOfBytes, type Digest } from './digest.js';
import { RatchetError } from './failure.js';
import { LedgerRecord } from './ledger.js';

/** A record before it is signed. */
export type UnsignedRecord = Omit<LedgerRecord, 'signature'>;

/** A record as it was read: what it says, and the digest that the next one must hold as `prev`. */
export interface FiledRecord {
  readonly record: LedgerRecord;
  /** Of the RFC 8785 form of the record without its signature. */
  readonly digest: Digest;
}

const SEQ_DIGITS = 12;

/** Where a model's records lie: `ledger/<model>/`. */
export function ledgerPrefix(model: string): string {
  return `ledger/${model}/`;
}

/** Where a record lies: `ledger/<model>/000000000001.json`. Twelve digits keep the order of names the order of records. */
export function recordKey(model: string, seq: number): string {
  return `${ledgerPrefix(model)}${String(seq).padStart(SEQ_DIGITS, '0')}.json`;
}

/** The place of a record that lies there; null where the name is no record's. */
export function seqOfKey(key: string): number | null {
  const match = /\/(\d{12})\.json$/.exec(key);
  return match === null ? null : Number(match[1]);
}

/** The digest of a record: SHA-256 over the RFC 8785 form of everything but the signature. */
export function recordDigest(record: UnsignedRecord): Digest {
  return digestOfBytes(canonicalJson(record));
}

/** What is signed: the digest, with a prefix, so that a signature given here is worth nothing anywhere else. */
export function signedBytes(digest: Digest): Uint8Array {
  return Buffer.from(`ratchet-ledger-record-v1:${digest}`, 'utf8');
}

/** The bytes of a record's file: the RFC 8785 form of the whole. */
export function recordBytes(record: LedgerRecord): Uint8Array {
  return Buffer.from(canonicalJson(record), 'utf8');
}

/**
 * Reads a record's file.
 * @throws {RatchetError} LedgerBroken: no JSON, or not of a record's shape; names the file and the field.
 */
export function parseRecord(key: string, bytes: Uint8Array): FiledRecord {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value = parseJson(key, file);
  const parsed = LedgerRecord.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw broken(key, `field ${issue?.path.join('.') || '(document)'}: ${issue?.message ?? 'not of the expected shape'}`);
  }
  return { record: parsed.data, digest: digestOfFile(file, value) };
}

/** In the RFC 8785 form the signature stands last but one, so a file in that form is digested without being written anew. */
const canonicalTail = /,"signature":\{"ed25519":"[A-Za-z0-9+/=]+","keyId":"[^"\\]*"\},"v":1\}$/;
const unsignedTail = Buffer.from(',"v":1}');

/**
 * The digest of the file less its signature. Where the file is in canonical form this needs no second serialisation; where
 * it only looks so, the digest is that of other bytes than were signed, and the signature does not hold.
 */
function digestOfFile(file: Buffer, value: unknown): Digest {
  const tail = canonicalTail.exec(file.subarray(-256).toString('latin1'));
  if (tail !== null) return digestOfBytes(Buffer.concat([file.subarray(0, file.length - tail[0].length), unsignedTail]));
  const { signature: _signature, ...unsigned } = value as LedgerRecord;
  return recordDigest(unsigned);
}

function parseJson(key: string, file: Buffer): unknown {
  try {
    return JSON.parse(file.toString('utf8'));
  } catch {
    throw broken(key, `expected JSON, found ${file.length} bytes of something else`);
  }
}

function broken(key: string, message: string): RatchetError {
  return new RatchetError('LedgerBroken', `${key}: ${message}`, {
    remedy: 'run `ratchet audit verify`; restore this file from a copy, nothing else may be changed',
  });
}
