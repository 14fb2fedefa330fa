import { createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createLocalObjectStore } from '../src/adapters/local/object-store.js';
import { verifyLedger } from '../src/client/audit/verify-ledger.js';
import type { ModelVersion } from '../src/domain/candidate.js';
import { foldLedger } from '../src/domain/decide/fold-ledger.js';
import { digestOf, digestOfBytes, type Digest } from '../src/domain/digest.js';
import { recordBytes, recordDigest, recordKey, signedBytes } from '../src/domain/ledger-file.js';
import type { LedgerBody, LedgerState } from '../src/domain/ledger.js';
import { keyIdOf, publicKeyKey } from '../src/domain/public-key.js';
import { clock, inWords, machineInWords, summarise, type Taken } from './measure.js';

const MODEL = 'bench';
const BUDGET_PER_SECOND = 5000;
const ROUNDS = 5;
const PARALLEL_READS = 256;

/**
 * `ratchet audit verify` on a local disk, and beside it, in turns, what no audit can do without: read every file, SHA-256 it,
 * check its Ed25519 signature; nothing is parsed or compared.
 */
export async function run([countText = '20000']: readonly string[]): Promise<void> {
  const count = Number(countText);
  if (!Number.isInteger(count) || count < 10) throw new RangeError(`expected a number of records of at least 10, found ${countText}`);
  const root = await mkdtemp(join(tmpdir(), 'ratchet-bench-verify-'));
  try {
    const ledger = await writeLedger(root, count);
    console.log(`${count} records of ${ledger.meanBytes} bytes on average, ${machineInWords()}, files in the page cache`);
    const ours: Taken[] = [];
    const limit: Taken[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const taken = [await clock(() => audit(root, count)), await clock(() => readHashVerify(root, ledger))] as const;
      if (round === 0) continue; // warms caches and compiler for both
      ours.push(taken[0]);
      limit.push(taken[1]);
    }
    report(count, ours, limit);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function report(count: number, ours: readonly Taken[], limit: readonly Taken[]): void {
  const rates = (taken: readonly Taken[]) => taken.map(({ wallMs }) => (1000 * count) / wallMs);
  const cpu = (taken: readonly Taken[]) => inWords(summarise(taken.map(({ cpuMs }) => (1000 * cpuMs) / count)), 'µs of CPU a record');
  const audited = summarise(rates(ours));
  const share = rates(ours).map((rate, i) => (100 * rate) / rates(limit)[i]!);
  console.log(`audit verify:             ${inWords(audited, 'records/s')}, ${cpu(ours)}; median of ${ROUNDS} (least–most)`);
  console.log(`read + SHA-256 + Ed25519: ${inWords(summarise(rates(limit)), 'records/s')}, ${cpu(limit)}`);
  console.log(`share of that limit:      ${inWords(summarise(share), '%')}`);
  console.log(`budget ≥ ${BUDGET_PER_SECOND} records/s: ${audited.median >= BUDGET_PER_SECOND ? 'kept' : 'missed'}`);
}

async function audit(root: string, count: number): Promise<void> {
  const { records, problems } = await verifyLedger(createLocalObjectStore(root), MODEL);
  if (records !== count || problems.length > 0)
    throw new Error(`expected ${count} good records, found ${records} and ${problems[0]?.message}`);
}

interface WrittenLedger {
  readonly publicKey: KeyObject;
  readonly files: readonly string[];
  readonly signatures: readonly { readonly bytes: Uint8Array; readonly signature: Buffer }[];
  readonly meanBytes: number;
}

async function readHashVerify(root: string, { publicKey, files, signatures }: WrittenLedger): Promise<void> {
  for (let from = 0; from < files.length; from += PARALLEL_READS) {
    await Promise.all(
      files.slice(from, from + PARALLEL_READS).map(async (file, i) => {
        digestOfBytes(await promisify(readFile)(join(root, file)));
        const { bytes, signature } = signatures[from + i]!;
        await new Promise((resolve, reject) =>
          verify(null, bytes, publicKey, signature, (error, holds) => (holds ? resolve(holds) : reject(error ?? new Error(file)))),
        );
      }),
    );
  }
}

/** Cycles of five records, promoted, with versions of 17 features: what a busy model's ledger looks like. */
async function writeLedger(root: string, count: number): Promise<WrittenLedger> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const keyId = keyIdOf(publicKey);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await write(root, publicKeyKey(keyId), Buffer.from(pem));
  let state: LedgerState | null = null;
  let prev: Digest | null = null;
  let bytesTotal = 0;
  const files: string[] = [];
  const signatures: { bytes: Uint8Array; signature: Buffer }[] = [];
  for (let seq = 1; seq <= count; seq++) {
    const { key, body } = recordAt(seq, keyId);
    state = foldLedger(state, seq, body);
    const unsigned = { v: 1 as const, model: MODEL, seq, prev, key, at: '2026-03-01T12:00:00.000Z', body, after: state };
    prev = recordDigest(unsigned);
    const signature = sign(null, signedBytes(prev), privateKey);
    const bytes = recordBytes({ ...unsigned, signature: { keyId, ed25519: signature.toString('base64') } });
    await write(root, recordKey(MODEL, seq), bytes);
    files.push(recordKey(MODEL, seq));
    signatures.push({ bytes: signedBytes(prev), signature });
    bytesTotal += bytes.length;
  }
  return { publicKey: createPublicKey(pem), files, signatures, meanBytes: Math.round(bytesTotal / count) };
}

async function write(root: string, key: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, key)), { recursive: true });
  await writeFile(join(root, key), bytes);
}

function recordAt(seq: number, keyId: string): { key: string; body: LedgerBody } {
  if (seq === 1) return { key: `${MODEL}/ledger-opened`, body: { kind: 'ledger-opened', model: MODEL, owner: 'local/default', keyId } };
  const place = (seq - 2) % 5;
  const cycle = seq - place;
  const body = [started, judged, approved, promoted, ended][place]!(cycle);
  return { key: `${body.kind === 'cycle-started' ? body.trigger.key : cycle}/${body.kind}`, body };
}

function started(cycle: number): LedgerBody {
  const trigger = { key: `schedule/${cycle}`, kind: 'schedule', requestedBy: 'schedule', reason: '' } as const;
  return {
    kind: 'cycle-started',
    trigger,
    asOf: '2026-03-01T00:00:00Z',
    specDigest: digestOf('spec'),
    codeDigest: digestOf('code'),
    cites: {},
  };
}

function judged(cycle: number): LedgerBody {
  const reasons = ['there is no champion to compare with'];
  return { kind: 'judged', cycle, verdictDigest: digestOf(['verdict', cycle]), face: 'pass', next: 'askPerson', compared: true, reasons };
}

function approved(cycle: number): LedgerBody {
  const vote = { signer: 'ana', role: null, decision: 'approve', comment: '', at: '2026-03-01T13:00:00Z', assurance: 'claimed' } as const;
  return { kind: 'approved', cycle, candidateDigest: versionOf(cycle).candidateDigest, outcome: 'approved', votes: [vote] };
}

function promoted(cycle: number): LedgerBody {
  return { kind: 'promoted', cycle, version: versionOf(cycle), becomesAnchor: true, reason: 'signed' };
}

function ended(cycle: number): LedgerBody {
  const stages = ['snapshot', 'validate', 'train', 'evaluate', 'judge', 'register'] as const;
  const evidence = Object.fromEntries(stages.map((stage) => [stage, digestOf([stage, cycle])]));
  return { kind: 'cycle-ended', cycle, outcome: 'promoted', stage: null, reason: 'signed', failure: null, evidence };
}

function versionOf(cycle: number): ModelVersion {
  const inputs = Array.from({ length: 17 }, (_, i) => ({ name: `feature_${i}`, type: 'number' as const }));
  return {
    version: `bench-${cycle}+data.00000000.code.00000000.config.00000000`,
    cycle,
    candidateDigest: digestOf(['candidate', cycle]),
    model: { format: 'onnx', digest: digestOf(['model', cycle]), bytes: 200_000, inputs },
    datasetDigest: digestOf(['dataset', cycle]),
    trainEnd: '2026-02-01T00:00:00Z',
    registryVersion: String(cycle),
    mlflowRunId: null,
  };
}
