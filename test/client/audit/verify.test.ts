import { describe, expect, test } from 'vitest';
import { createLedger, type Ledger } from '../../../src/activities/ledger.js';
import { verifyLedger } from '../../../src/client/audit/verify-ledger.js';
import { canonicalJson } from '../../../src/domain/digest.js';
import { RatchetError } from '../../../src/domain/failure.js';
import { recordBytes, recordDigest, recordKey, signedBytes } from '../../../src/domain/ledger-file.js';
import type { LedgerBody, LedgerRecord } from '../../../src/domain/ledger.js';
import { objectKey } from '../../../src/domain/object-key.js';
import type { Signer } from '../../../src/ports/signer.js';
import { createMemorySigner } from '../../fakes/memory-signer.js';
import { createMemoryStore, type MemoryStore } from '../../fakes/memory-store.js';
import { approved, AT, cycleEnded, cycleStarted, judged, named, paused, promoted } from '../../ledger/sample-bodies.js';

const model = 'flights';
const owner = 'local/default';

interface Written {
  readonly store: MemoryStore;
  readonly signer: Signer;
  readonly ledger: Ledger;
}

/** A ledger with a promoted cycle (records 3 to 7) and a stopped one (8 to 10). */
async function writeLedger(store: MemoryStore = createMemoryStore(), signer = createMemorySigner()): Promise<Written> {
  const ledger = createLedger({ store, signer, owner });
  const spec: LedgerBody = { kind: 'spec-applied', specDigest: named('spec'), codeDigest: named('code'), requestedBy: 'ana' };
  await append(ledger, 's1', spec);
  await append(ledger, 't1', cycleStarted('t1'));
  for (const body of [judged(3, { next: 'askPerson', compared: false }), approved(3), promoted(3), cycleEnded(3)])
    await append(ledger, '3', body);
  await append(ledger, 't2', cycleStarted('t2'));
  for (const body of [judged(8, { next: 'stop', face: 'fail' }), cycleEnded(8, { outcome: 'rejected', stage: 'judge' })])
    await append(ledger, '8', body);
  return { store, signer, ledger };
}

function append(ledger: Ledger, key: string, body: LedgerBody) {
  return ledger.append({ model, key: `${key}/${body.kind}`, body, expects: {}, at: AT });
}

function read(store: MemoryStore, seq: number): LedgerRecord {
  return JSON.parse(Buffer.from(store.files.get(recordKey(model, seq))!).toString('utf8')) as LedgerRecord;
}

function write(store: MemoryStore, seq: number, document: unknown): void {
  store.files.set(recordKey(model, seq), Buffer.from(canonicalJson(document), 'utf8'));
}

/** Puts a record there that is signed as it should be, whatever it says. */
async function forge(store: MemoryStore, signer: Signer, seq: number, change: (record: LedgerRecord) => LedgerRecord): Promise<void> {
  const { signature: _signature, ...unsigned } = change(read(store, seq));
  const ed25519 = await signer.sign(signedBytes(recordDigest(unsigned)));
  store.files.set(recordKey(model, seq), recordBytes({ ...unsigned, signature: { keyId: signer.keyId, ed25519 } }));
}

/** Every path to a value that is no object, with that value. */
function leaves(value: unknown, path: readonly string[] = []): [path: readonly string[], value: unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, [...path, key]));
}

function changed(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return value.endsWith('0') ? `${value.slice(0, -1)}1` : `${value.slice(0, -1)}0`;
  return 'changed';
}

function withChange(document: unknown, [key, ...rest]: readonly string[], leaf: unknown): unknown {
  if (key === undefined) return leaf;
  if (Array.isArray(document)) return document.map((item, i) => (String(i) === key ? withChange(item, rest, leaf) : item));
  const object = document as Record<string, unknown>;
  return { ...object, [key]: withChange(object[key], rest, leaf) };
}

describe('audit verify', () => {
  test('finds nothing in a ledger that nobody touched', async () => {
    const { store } = await writeLedger();
    const audit = await verifyLedger(store, model);
    expect(audit).toMatchObject({ records: 10, problems: [], head: { seq: 10 } });
  });

  test('finds every single changed value of every record, and blames that record alone', { timeout: 60_000 }, async () => {
    const { store } = await writeLedger();
    for (let seq = 1; seq <= 10; seq++) {
      const original = read(store, seq);
      for (const [path, value] of leaves(original)) {
        write(store, seq, withChange(original, path, changed(value)));
        const { problems } = await verifyLedger(store, model);
        expect(new Set(problems.map((problem) => problem.seq)), `record ${seq}, ${path.join('.')}`).toEqual(new Set([seq]));
      }
      write(store, seq, original);
    }
  });

  test('every record says that its names are claims, and one of before that was said is as good', async () => {
    const { store, signer } = await writeLedger();
    for (let seq = 1; seq <= 10; seq++) expect(read(store, seq).assurance, `record ${seq}`).toBe('claimed');
    await forge(store, signer, 10, ({ assurance: _assurance, ...older }) => older);
    expect(read(store, 10)).not.toHaveProperty('assurance');
    expect((await verifyLedger(store, model)).problems).toEqual([]);
  });

  test('accepts a record that was only written in another layout', async () => {
    const { store } = await writeLedger();
    store.files.set(recordKey(model, 4), Buffer.from(JSON.stringify(read(store, 4), null, 2), 'utf8'));
    expect((await verifyLedger(store, model)).problems).toEqual([]);
  });

  test.for<[name: string, tamper: (written: Written) => Promise<unknown> | unknown, problem: object]>([
    ['a missing record', ({ store }) => store.files.delete(recordKey(model, 4)), { seq: 4, message: 'record 4 is missing' }],
    ['a record that was renamed', ({ store }) => rename(store, 4, '.bak'), { seq: 4, message: 'record 4 is missing' }],
    [
      'a record with more copies beside it than are asked for at once',
      ({ store }) => Array.from({ length: 2100 }, (_, i) => `.copy-${i}`).forEach((suffix) => rename(store, 4, suffix)),
      { seq: 4, message: 'record 4 is missing' },
    ],
    ['a first record that was renamed', ({ store }) => rename(store, 1, '.bak'), { seq: 1, message: 'record 1 is missing' }],
    [
      'corrupt JSON',
      ({ store }) => store.files.set(recordKey(model, 4), Buffer.from('{"v":1,')),
      { seq: 4, message: expect.stringContaining('expected JSON, found 7 bytes') },
    ],
    [
      'an empty file',
      ({ store }) => store.files.set(recordKey(model, 4), Buffer.alloc(0)),
      { seq: 4, message: expect.stringContaining('found 0 bytes') },
    ],
    ['two records that changed places', ({ store }) => swap(store, 4, 5), { seq: 4, field: 'seq' }],
    [
      'a record of another model',
      async ({ store, signer }) => forge(store, signer, 10, (record) => ({ ...record, model: 'trains' })),
      { seq: 10, field: 'model' },
    ],
    ['a missing public key', ({ store, signer }) => store.files.delete(`keys/${signer.keyId}.pem`), { seq: 1, field: 'signature.keyId' }],
    [
      'another public key under the same name',
      ({ store, signer }) => store.files.set(`keys/${signer.keyId}.pem`, Buffer.from(createMemorySigner().publicKeyPem)),
      { seq: 1, message: expect.stringContaining('expected the key') },
    ],
    [
      'a record by a key that was never admitted',
      ({ store }) => strangerForges(store, 10),
      { seq: 10, message: expect.stringContaining('a key that the ledger admits') },
    ],
    [
      'a signed state that does not follow',
      ({ store, signer }) => forge(store, signer, 10, (record) => ({ ...record, after: { ...record.after, comparisons: 0 } })),
      { seq: 10, field: 'after.comparisons' },
    ],
    [
      'a signed record that breaks the rules',
      ({ store, signer }) => forge(store, signer, 10, (record) => ({ ...record, key: '3/cycle-ended', body: cycleEnded(3) })),
      { seq: 10, message: expect.stringContaining('expected cycle 3 to be open') },
    ],
    [
      'a signed end that says promoted without a promotion',
      ({ store, signer }) => forge(store, signer, 10, (record) => ({ ...record, body: cycleEnded(8) })),
      { seq: 10, field: 'body' },
    ],
    [
      'a signed key that was used before',
      ({ store, signer }) => forge(store, signer, 8, (record) => ({ ...record, key: 't1/cycle-started', body: cycleStarted('t1') })),
      { seq: 8, field: 'key' },
    ],
  ])('says which record is wrong: %s', async ([, tamper, problem]) => {
    const written = await writeLedger();
    await tamper(written);
    expect((await verifyLedger(written.store, model)).problems[0]).toMatchObject(problem);
  });

  test('sees that the tail is that of another branch', async () => {
    const { store, signer } = await writeLedger();
    await forge(store, signer, 8, (record) => ({ ...record, at: '2026-03-02T00:00:00.000Z' }));
    expect((await verifyLedger(store, model)).problems).toMatchObject([
      { seq: 9, field: 'prev', message: expect.stringContaining('another branch') },
    ]);
  });

  test('sees a tail that was cut off only against a head that was noted elsewhere, and says so', async () => {
    const { store } = await writeLedger();
    const { head } = await verifyLedger(store, model);
    store.files.delete(recordKey(model, 10));
    const blind = await verifyLedger(store, model);
    expect(blind.problems).toEqual([]);
    expect(blind.notes.join('\n')).toContain('cut off cannot be seen');
    const { problems } = await verifyLedger(store, model, { expectedHead: head! });
    expect(problems).toMatchObject([{ seq: null, message: expect.stringContaining('the end was cut off') }]);
  });

  test('sees a ledger that was written anew only against a noted head or a given key', async () => {
    const first = await writeLedger();
    const { head } = await verifyLedger(first.store, model);
    const second = await writeLedger();
    expect((await verifyLedger(second.store, model)).problems).toEqual([]);
    expect((await verifyLedger(second.store, model, { expectedHead: head! })).problems).toMatchObject([
      { seq: 10, message: expect.stringContaining('written anew') },
    ]);
    const given = await verifyLedger(second.store, model, { givenKeys: [{ source: 'key.pem', pem: first.signer.publicKeyPem }] });
    expect(given.problems[0]).toMatchObject({
      seq: 1,
      field: 'signature.keyId',
      message: expect.stringContaining('one of the given keys'),
    });
    expect(
      (await verifyLedger(first.store, model, { givenKeys: [{ source: 'key.pem', pem: first.signer.publicKeyPem }] })).problems,
    ).toEqual([]);
  });

  test('tells of take-overs and new keys, which no rule forbids', async () => {
    const { store, ledger } = await writeLedger();
    const other = createMemorySigner();
    await ledger.addKey({ model, publicKeyPem: other.publicKeyPem, requestedBy: 'ana', at: AT });
    await append(createLedger({ store, signer: other, owner }), 'p1', paused());
    const heir = createLedger({ store, signer: createMemorySigner(), owner: 'cloud/default' });
    await heir.adopt({ model, from: owner, requestedBy: 'bo', reason: 'moved', requestId: 'a1', at: AT });
    const { problems, notes } = await verifyLedger(store, model);
    expect(problems).toEqual([]);
    expect(notes.join('\n')).toMatch(/ana admitted the key[^]*bo gave the ledger from local\/default to cloud\/default/);
  });

  test('misses what the records cite, where asked', async () => {
    const { store } = await writeLedger();
    const { problems } = await verifyLedger(store, model, { evidence: true });
    expect(problems[0]).toMatchObject({ seq: 2, field: 'body.specDigest', message: expect.stringContaining('found nothing') });
  });

  /** A store that fails to read some files, or to list any. */
  function failing(store: MemoryStore, fails: (key: string) => boolean, lists = true): MemoryStore {
    const refused = new RatchetError('StoreUnavailable', 'too many symbolic links');
    return {
      ...store,
      get: async (key) => (fails(key) ? Promise.reject(refused) : store.get(key)),
      getByDigest: async (digest) => (fails(objectKey(digest)) ? Promise.reject(refused) : store.getByDigest(digest)),
      list: async (prefix, options) => (lists ? store.list(prefix, options) : Promise.reject(refused)),
    };
  }

  test.for([4, 10])('a file that cannot be read at the place of record %i is a problem of that record', async (seq) => {
    const { store } = await writeLedger();
    const { records, problems } = await verifyLedger(
      failing(store, (key) => key === recordKey(model, seq)),
      model,
    );
    expect({ records, problems }).toEqual({
      records: 10,
      problems: [{ seq, field: '', message: 'cannot be read: too many symbolic links' }],
    });
  });

  test('a file that could not be read for a moment is none', async () => {
    const { store } = await writeLedger();
    let failures = 0;
    const once = failing(store, (key) => key === recordKey(model, 4) && failures++ === 0);
    expect((await verifyLedger(once, model)).problems).toEqual([]);
  });

  test('a store that is away is no broken ledger', async () => {
    const { store } = await writeLedger();
    const away = verifyLedger(
      failing(store, () => true, false),
      model,
    );
    await expect(away).rejects.toMatchObject({ type: 'StoreUnavailable' });
  });

  test('a cited document that cannot be read is a problem of the record that cites it', async () => {
    const { store } = await writeLedger();
    const { problems } = await verifyLedger(
      failing(store, (key) => key === objectKey(named('spec'))),
      model,
      { evidence: true },
    );
    expect(problems).toContainEqual({ seq: 2, field: 'body.specDigest', message: 'too many symbolic links' });
  });

  test('a model without a ledger is unknown', async () => {
    await expect(verifyLedger(createMemoryStore(), model)).rejects.toMatchObject({ type: 'ModelUnknown' });
  });
});

function swap(store: MemoryStore, left: number, right: number): void {
  const [a, b] = [read(store, left), read(store, right)];
  write(store, left, b);
  write(store, right, a);
}

/** As a copy that somebody made; the record is gone. */
function rename(store: MemoryStore, seq: number, suffix: string): void {
  store.files.set(`${recordKey(model, seq)}${suffix}`, Buffer.from('copy'));
  store.files.delete(recordKey(model, seq));
}

async function strangerForges(store: MemoryStore, seq: number): Promise<void> {
  const stranger = createMemorySigner();
  store.files.set(`keys/${stranger.keyId}.pem`, Buffer.from(stranger.publicKeyPem));
  await forge(store, stranger, seq, (record) => record);
}
