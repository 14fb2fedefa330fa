import { ledgerPrefix, recordKey, seqOfKey } from './ledger-file.js';

/** As the object store lists: keys in order, after `startAfter`, at most `limit`. */
export type ListKeys = (prefix: string, options: { startAfter?: string; limit: number }) => Promise<string[]>;

const PAGE = 1000;
/** Asked for first: the next name is hardly ever no record's (a copy that somebody left there). */
const NAMES = 8;

/**
 * The place of the newest record, or `from` where there is none after it.
 *
 * A page of 1,000 settles it almost always; a longer ledger is galloped through (double the step while there is more), then
 * halved: O(log n) requests, 15 for 100,000 records.
 * @param from a place that is known to be taken; 0 knows nothing.
 */
export async function findHead(list: ListKeys, model: string, from = 0): Promise<number> {
  const page = await keysAfter(list, model, from, PAGE);
  if (page.length < PAGE) return lastSeq(page) ?? from;
  let low = lastSeq(page) ?? from;
  let step = PAGE;
  let high = low + step;
  while (await isMoreAfter(list, model, high)) {
    low = high;
    step *= 2;
    high = low + step;
  }
  while (high - low > PAGE) {
    const middle = low + Math.floor((high - low) / 2);
    if (await isMoreAfter(list, model, middle)) low = middle;
    else high = middle;
  }
  // No record lies after `high`; between are more names than a page only where some are no record's.
  for await (const keys of pagesAfter(list, model, low, PAGE)) low = lastSeq(keys) ?? low;
  return low;
}

/** The place of the next record after `seq`, however many names that are no record's lie between; null: it was the last. */
export async function nextSeq(list: ListKeys, model: string, seq: number): Promise<number | null> {
  for await (const keys of pagesAfter(list, model, seq, NAMES)) {
    const next = keys.map(seqOfKey).find((found) => found !== null);
    if (next !== undefined) return next;
  }
  return null;
}

async function isMoreAfter(list: ListKeys, model: string, seq: number): Promise<boolean> {
  return (await nextSeq(list, model, seq)) !== null;
}

/** All names after a record's, in order; the first page is of `limit`, the others are full. */
async function* pagesAfter(list: ListKeys, model: string, seq: number, limit: number): AsyncGenerator<string[]> {
  let keys = await keysAfter(list, model, seq, limit);
  for (let asked = limit; ; asked = PAGE) {
    yield keys;
    if (keys.length < asked) return;
    keys = await list(ledgerPrefix(model), { startAfter: keys.at(-1)!, limit: PAGE });
  }
}

async function keysAfter(list: ListKeys, model: string, seq: number, limit: number): Promise<string[]> {
  return list(ledgerPrefix(model), { ...(seq > 0 ? { startAfter: recordKey(model, seq) } : {}), limit });
}

function lastSeq(keys: readonly string[]): number | undefined {
  return keys.map(seqOfKey).findLast((seq) => seq !== null) ?? undefined;
}
