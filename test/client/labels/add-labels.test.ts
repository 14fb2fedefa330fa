import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { addLabels, type LabelsAdded } from '../../../src/client/labels/add-labels.js';
import { RatchetError } from '../../../src/domain/failure.js';
import type { LabelFormat } from '../../../src/domain/label-receipt.js';
import type { ObjectStore } from '../../../src/ports/object-store.js';
import { createMemoryStore, type MemoryStore } from '../../fakes/memory-store.js';

const NOW_MS = Date.parse('2024-05-02T03:04:05.678Z');

function storeWithModel(): MemoryStore {
  const store = createMemoryStore();
  store.files.set('ledger/flights/000000000001.json', new Uint8Array());
  return store;
}

interface Given {
  readonly store?: ObjectStore;
  readonly format?: LabelFormat;
  readonly skipBad?: boolean;
  readonly nowMs?: number;
}

async function add(
  content: string | Uint8Array,
  { store = storeWithModel(), format = 'jsonl', skipBad = false, nowMs = NOW_MS }: Given = {},
): Promise<LabelsAdded> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return addLabels({ store, model: 'flights', content: bytes, format, name: `labels.${format}`, skipBad, nowMs });
}

async function stored(store: MemoryStore, key: string): Promise<Record<string, unknown>[]> {
  const bytes = new Uint8Array(store.files.get(key)!);
  return parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) });
}

const lines = (...rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

test('labels lie as Parquet in the hour of their receipt, whatever they were written as', async () => {
  const full = { id: 'a', row: 2, value: 1, observedAt: '2024-05-01T23:30:00+02:00', policy: 'ownDecision', propensity: 0.25 };
  const csv =
    'id,row,value,observedAt,censored,policy,propensity,values.revenue\na,2,1,2024-05-01T23:30:00+02:00,,ownDecision,0.25,\nb,,,,true,,,\n"c,d",,false,,,,,9.5\n';
  const parquet = new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'id', data: ['a', 'b', 'c,d'] },
        { name: 'row', data: [2, null, null] },
        { name: 'value', data: [1, Number.NaN, 0], type: 'DOUBLE' },
        { name: 'observedAt', data: [new Date('2024-05-01T21:30:00Z'), null, null], type: 'TIMESTAMP' },
        { name: 'censored', data: [null, true, null] },
        { name: 'policy', data: ['ownDecision', null, null] },
        { name: 'propensity', data: [0.25, null, null], type: 'DOUBLE' },
        { name: 'values.revenue', data: [null, null, 9.5], type: 'DOUBLE' },
      ],
    }),
  );
  const json = lines(full, { id: 'b', censored: true }, { id: 'c,d', value: false, values: { revenue: 9.5 } });
  const received = { receivedAtMs: BigInt(NOW_MS), censored: false, policy: null, propensity: null, kpi_revenue: null };
  for (const [format, content] of [
    ['jsonl', json],
    ['csv', csv],
    ['parquet', parquet],
  ] as const) {
    const store = storeWithModel();
    const { key, rows, known } = await add(content, { store, format });
    expect([rows, known]).toEqual([3, false]);
    expect(key).toMatch(/^labels\/flights\/2024-05-02\/03\/1714619045678-[0-9a-f]{24}\.parquet$/);
    expect(await stored(store, key)).toMatchObject([
      { ...received, id: 'a', row: 2, value: 1, observedAtMs: 1714599000000n, policy: 'ownDecision', propensity: 0.25, position: 0 },
      { ...received, id: 'b', row: 0, value: null, observedAtMs: BigInt(NOW_MS), censored: true },
      { ...received, id: 'c,d', row: 0, value: 0, kpi_revenue: 9.5, position: 2 },
    ]);
  }
});

test('the same file again is known and changes nothing', async () => {
  const store = storeWithModel();
  const first = await add(lines({ id: 'a', value: 1 }), { store });
  const before = new Map(store.files);
  const again = await add(lines({ id: 'a', value: 1 }), { store, nowMs: NOW_MS + 86_400_000 });
  expect(again).toEqual({ ...first, known: true });
  expect(store.files).toEqual(before);
});

test('whoever dies between labels and receipt is asked again, and no label is lost', async () => {
  const store = storeWithModel();
  let calls = 0;
  const dying: ObjectStore = {
    ...store,
    createIfAbsent: async (key, bytes) =>
      ++calls === 2 ? Promise.reject(new RatchetError('StoreUnavailable', 'gone')) : store.createIfAbsent(key, bytes),
  };
  await expect(add(lines({ id: 'a', value: 1 }), { store: dying })).rejects.toThrow('gone');
  const again = await add(lines({ id: 'a', value: 1 }), { store, nowMs: NOW_MS + 5 });
  expect(again.known).toBe(false);
  // Twice the same label is one label to the join; that it was received is true for both.
  const keys = [...store.files.keys()].filter((key) => key.startsWith('labels/'));
  expect(keys).toHaveLength(2);
  expect(await stored(store, keys[0]!)).toMatchObject([{ id: 'a', value: 1 }]);
});

test.for<[name: string, content: string, words: string, format?: LabelFormat]>([
  [
    'no JSON',
    '{"id": "a", "value": 1}\n{"id": \n',
    'labels.jsonl:2: expected a JSON object, found the end of the file at line 1 column 8: expected a value',
  ],
  ['no object', '[1]\n', 'labels.jsonl:1: the row: expected an object, found [1]'],
  ['no id', '{"value": 1}\n', 'labels.jsonl:1: field id: expected a text, found nothing'],
  ['an id that is a number', '{"id": 7, "value": 1}\n', 'labels.jsonl:1: field id: expected a text, found 7'],
  ['nothing to say', '\n{"id": "a"}\n', 'labels.jsonl:2: field value: expected a value, or a number in values, or censored, found nothing'],
  ['a value in words', 'id,value\na,late\n', 'labels.csv:2: field value: expected a number, true or false, found "late"', 'csv'],
  [
    'a value that is censored',
    '{"id": "a", "value": 1, "censored": true}\n',
    'labels.jsonl:1: field value: expected no value where censored is true, found 1',
  ],
  [
    'a time without a zone',
    '{"id": "a", "value": 1, "observedAt": "2024-05-01 10:00"}\n',
    'labels.jsonl:1: field observedAt: expected a time with its zone, such as 2013-07-01T06:00:00Z, found "2024-05-01 10:00"',
  ],
  [
    'a time to come',
    '{"id": "a", "value": 1, "observedAt": "2024-05-03T00:00:00Z"}\n',
    'labels.jsonl:1: field observedAt: expected a time that has passed, found 2024-05-03T00:00:00Z',
  ],
  [
    'another field',
    '{"id": "a", "label": 1}\n',
    'labels.jsonl:1: field label: expected one of id, row, value, values, observedAt, censored, policy, propensity, found another name',
  ],
  ['a row below 0', '{"id": "a", "row": -1, "value": 1}\n', 'labels.jsonl:1: field row: expected at least 0, found -1'],
  ['a chance of 0', '{"id": "a", "value": 1, "propensity": 0}\n', 'labels.jsonl:1: field propensity: expected more than 0, found 0'],
  [
    'a number under a bad name',
    '{"id": "a", "values": {"a b": 1}}\n',
    'labels.jsonl:1: field values.a b: expected a name of letters, digits and "_", beginning with a letter, at most 60, found 1',
  ],
  [
    'another policy',
    '{"id": "a", "value": 1, "policy": "own"}\n',
    'labels.jsonl:1: field policy: expected one of independent, ownDecision, found "own"',
  ],
])('a bad row is refused with its place: %s', async ([, content, words, format]) => {
  const store = storeWithModel();
  await expect(add(content, { store, ...(format && { format }) })).rejects.toThrow(words);
  expect([...store.files.keys()]).toEqual(['ledger/flights/000000000001.json']);
});

test('every bad row is told up to twenty, and with skipBad the others are taken in', async () => {
  const content = lines(...Array.from({ length: 30 }, (_, index) => ({ id: `r${index}`, value: index % 10 === 0 ? 1 : 'x' })));
  const refused = (await add(content).catch((error: unknown) => error)) as RatchetError;
  expect(refused).toMatchObject({
    type: 'InputInvalid',
    remedy: expect.stringMatching(/nothing was taken in .* the 27 rows, .* \(--skip-bad/) as string,
  });
  expect(refused.detail?.split('\n')).toHaveLength(20);
  expect(refused.detail).toContain('… and 7 more');
  const added = await add(content, { skipBad: true });
  expect(added).toMatchObject({ rows: 3, badRows: 27, known: false });
  expect(added.problems).toHaveLength(20);
});

test.for<[name: string, content: string | Uint8Array, format: LabelFormat, words: RegExp]>([
  ['nothing', '', 'jsonl', /expected at least one label, found none/],
  ['a header alone', 'id,value\n', 'csv', /expected at least one label, found none/],
  ['no Parquet', 'PAR?', 'parquet', /labels\.parquet: expected a Parquet file, found/],
  ['CSV with an open quote', 'id,value\n"a,1\n', 'csv', /labels\.csv: expected CSV with a header line, found/],
  ['no UTF-8', new Uint8Array([0xff, 0xfe, 0x00]), 'csv', /labels\.csv: expected text in UTF-8/],
])('a file that holds no labels is refused: %s', async ([, content, format, words]) => {
  await expect(add(content, { format })).rejects.toThrow(words);
});

test('labels of a model that nobody has applied are refused', async () => {
  await expect(add(lines({ id: 'a', value: 1 }), { store: createMemoryStore() })).rejects.toThrow('there is no model flights in memory:');
});
