import { describe, expect, test } from 'vitest';
import { collectGarbage } from '../../../src/client/retention/collect-garbage.js';
import { digestOfBytes } from '../../../src/domain/digest.js';
import { recordKey } from '../../../src/domain/ledger-file.js';
import { objectKey } from '../../../src/domain/object-key.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { createDataStory } from './data-story.js';

const nowMs = Date.parse('2026-06-01T00:00:00Z');
const day = (text: string): string => `2026-${text}T00:00:00.000Z`;
const has = (store: ReturnType<typeof createMemoryStore>, text: string): boolean => store.files.has(objectKey(digestOfBytes(text)));

/** flights: an old champion, an old cycle, the newest one, which shares a file with the old one. */
async function story() {
  const store = createMemoryStore();
  const written = createDataStory(store);
  const flights = written.modelNamed('flights');
  await flights.apply(day('01-01'));
  await flights.run(day('01-02'), ['champion’s'], { isPromoted: true });
  const old = await flights.run(day('02-01'), ['old', 'shared']);
  await flights.run(day('03-01'), ['shared', 'newest']);
  return { store, written, flights, old };
}

describe('garbage', () => {
  test('is told with its bytes, and stays unless deletion is asked for', async () => {
    const { store, old } = await story();
    const before = new Map(store.files);
    const report = await collectGarbage(store, { isDeleting: false, nowMs });
    expect(report).toMatchObject({
      deleted: false,
      bytes: 3,
      files: [{ digest: digestOfBytes('old'), usedBy: [{ model: 'flights', cycle: old }] }],
    });
    expect(report.datasets.map(({ keptBecause }) => keptBecause)).toEqual(['champion', null, 'among the newest cycles']);
    expect(store.files).toEqual(before);
  });

  test('is deleted, and nothing else with it; a second time there is nothing left', async () => {
    const { store } = await story();
    const before = [...store.files.keys()];
    expect(await collectGarbage(store, { isDeleting: true, nowMs })).toMatchObject({
      deleted: true,
      files: [{ digest: digestOfBytes('old') }],
    });
    expect(before.filter((key) => !store.files.has(key))).toEqual([objectKey(digestOfBytes('old'))]);
    expect(await collectGarbage(store, { isDeleting: true, nowMs })).toMatchObject({ files: [], bytes: 0 });
  });

  test('is only what no model keeps; a named model leaves the others’ alone', async () => {
    const { store, written } = await story();
    const trains = written.modelNamed('trains');
    await trains.apply(day('01-01'));
    await trains.run(day('01-03'), ['old timetable']);
    await trains.run(day('05-30'), ['old']);
    expect((await collectGarbage(store, { model: 'flights', isDeleting: true, nowMs })).files).toEqual([]);
    expect(has(store, 'old') && has(store, 'old timetable')).toBe(true);
    await collectGarbage(store, { isDeleting: true, nowMs });
    expect([has(store, 'old'), has(store, 'old timetable')]).toEqual([true, false]);
  });

  test('goes by the retention of the spec in force', async () => {
    const { store, written } = await story();
    await written.modelNamed('flights', { retention: { snapshotDays: 30, cyclesMin: 2 } }).apply(day('04-01'));
    expect((await collectGarbage(store, { isDeleting: true, nowMs })).files).toEqual([]);
  });

  test('waits where an open cycle may snapshot the same rows just now', async () => {
    const { store, flights } = await story();
    await flights.start(day('05-31'), day('01-20'));
    expect((await collectGarbage(store, { isDeleting: true, nowMs })).files).toEqual([]);
    expect(has(store, 'old')).toBe(true);
  });

  test('is looked for anew where a cycle starts meanwhile', async () => {
    const { store, flights } = await story();
    let isFirst = true;
    const { hasDigest } = store;
    store.hasDigest = async (digest) => {
      if (isFirst) await flights.start(day('05-31'), day('01-20'));
      isFirst = false;
      return hasDigest(digest);
    };
    expect((await collectGarbage(store, { isDeleting: true, nowMs })).files).toEqual([]);
    expect(has(store, 'old')).toBe(true);
  });

  test('gives up where ledgers never stand still', async () => {
    const { store, written } = await story();
    const busy = written.modelNamed('busy');
    const { hasDigest } = store;
    let days = 10;
    store.hasDigest = async (digest) => {
      await busy.apply(day(`01-${days++}`));
      return hasDigest(digest);
    };
    await expect(collectGarbage(store, { isDeleting: true, nowMs })).rejects.toMatchObject({ type: 'LedgerConflict' });
    expect(has(store, 'old')).toBe(true);
  });
});

type Story = Awaited<ReturnType<typeof story>>;

describe('nothing is deleted where something is not known', () => {
  test.for<[name: string, harm: (story: Story) => void, type: string]>([
    ['a record of another model is gone', ({ store }) => store.files.delete(recordKey('trains', 3)), 'LedgerBroken'],
    [
      'a record was changed',
      ({ store }) => void store.files.set(recordKey('trains', 3), changed(store.files.get(recordKey('trains', 3))!)),
      'LedgerBroken',
    ],
    ['a record is no JSON', ({ store }) => void store.files.set(recordKey('trains', 2), Buffer.from('{')), 'LedgerBroken'],
    [
      'a model has a folder and no ledger',
      ({ store }) => void store.files.set('ledger/unknown/notes.txt', Buffer.from('x')),
      'ModelUnknown',
    ],
    ['the evidence of a snapshot is gone', ({ store }) => forget(store, '"stage":"snapshot"'), 'EvidenceMissing'],
    ['the manifest of the champion’s data is gone', ({ store }) => forget(store, '{"columns":['), 'EvidenceMissing'],
    ['the spec in force is gone', ({ store }) => forget(store, '"kind":"Model"'), 'EvidenceMissing'],
  ])('%s', async ([, harm, type]) => {
    const told = await story();
    const trains = told.written.modelNamed('trains');
    await trains.apply(day('01-01'));
    await trains.run(day('05-30'), ['timetable']);
    harm(told);
    const before = new Map(told.store.files);
    await expect(collectGarbage(told.store, { model: 'flights', isDeleting: true, nowMs })).rejects.toMatchObject({ type });
    expect(told.store.files).toEqual(before);
  });

  test('there is no such model, or none at all', async () => {
    const { store } = await story();
    await expect(collectGarbage(store, { model: 'planes', isDeleting: true, nowMs })).rejects.toMatchObject({ type: 'ModelUnknown' });
    await expect(collectGarbage(createMemoryStore(), { isDeleting: true, nowMs })).rejects.toMatchObject({ type: 'ModelUnknown' });
  });
});

function changed(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString('utf8').replace('"requestedBy":"ana"', '"requestedBy":"bob"'));
}

/** Loses every document that begins with or holds this text. */
function forget(store: Story['store'], text: string): void {
  for (const [key, bytes] of store.files)
    if (key.startsWith('objects/') && Buffer.from(bytes).toString('utf8').includes(text)) store.files.delete(key);
}
