import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordKey } from '../../src/domain/ledger-file.js';
import { findHead, nextSeq, type ListKeys } from '../../src/domain/ledger-head.js';

/** A store that holds records 1 to `head` without holding them, and counts the questions. */
function listUpTo(head: number): { list: ListKeys; asked: () => number } {
  let asked = 0;
  const list: ListKeys = async (_prefix, { startAfter, limit }) => {
    asked++;
    const after = startAfter === undefined ? 0 : Number(/(\d{12})\.json$/.exec(startAfter)![1]);
    return Array.from({ length: Math.max(0, Math.min(limit, head - after)) }, (_, i) => recordKey('flights', after + i + 1));
  };
  return { list, asked: () => asked };
}

describe('the head of a ledger', () => {
  test('is found from wherever one starts to look', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(20_000), fc.nat(20_000), async (head, from) => {
        const known = Math.min(head, from);
        expect(await findHead(listUpTo(head).list, 'flights', known)).toBe(head);
      }),
      { numRuns: 60 },
    );
  });

  test.for([0, 1, 999, 1000, 1001, 2000, 2001, 3000])('of %i records is found', async (head) => {
    expect(await findHead(listUpTo(head).list, 'flights')).toBe(head);
  });

  test.for<[head: number, from: number, askedMax: number]>([
    [100_000, 0, 16],
    [100_000, 99_990, 1],
    [1_000_000, 0, 22],
  ])('of %i records, known up to %i, is found with at most %i questions', async ([head, from, askedMax]) => {
    const { list, asked } = listUpTo(head);
    expect(await findHead(list, 'flights', from)).toBe(head);
    expect(asked()).toBeLessThanOrEqual(askedMax);
  });

  test.for(['notes.txt', '000000001400.json.bak', '000000000000.json~'])('is not hidden by %s, which is no record', async (stray) => {
    const records = Array.from({ length: 4500 }, (_, i) => recordKey('flights', i + 1));
    const keys = [...records, `ledger/flights/${stray}`].sort();
    const list: ListKeys = async (_prefix, { startAfter = '', limit }) => keys.filter((key) => key > startAfter).slice(0, limit);
    expect(await findHead(list, 'flights')).toBe(4500);
  });

  test.for([3, 20, 1000, 2500])('is not hidden by %i names in a row that are no records', async (strays) => {
    const records = Array.from({ length: 4500 }, (_, i) => recordKey('flights', i + 1));
    const copies = Array.from({ length: strays }, (_, i) => `${recordKey('flights', 3000)}.copy-${i}`);
    const keys = [...records, ...copies].sort();
    const list: ListKeys = async (_prefix, { startAfter = '', limit }) => keys.filter((key) => key > startAfter).slice(0, limit);
    expect(await findHead(list, 'flights')).toBe(4500);
    expect(await findHead(list, 'flights', 3000)).toBe(4500);
    expect(await nextSeq(list, 'flights', 3000)).toBe(3001);
    expect(await nextSeq(list, 'flights', 4500)).toBeNull();
  });
});
