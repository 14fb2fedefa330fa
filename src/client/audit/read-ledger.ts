import { RatchetError } from '../../domain/failure.js';
import { recordKey } from '../../domain/ledger-file.js';
import { nextSeq, type ListKeys } from '../../domain/ledger-head.js';
import type { ObjectStore } from '../../ports/object-store.js';

/** What lies at a place of the ledger. */
export type Place<T> =
  | { readonly seq: number; readonly found: T }
  /** Records `seq` to `to` are missing, though later ones are there. */
  | { readonly seq: number; readonly found: null; readonly to: number };

const BATCH_MIN = 32;
/** Large enough to keep disk and cores busy, small enough to hold a few in memory. */
const BATCH_MAX = 128;
/** While one is looked at, others are read and their signatures checked. */
const BATCHES_AHEAD = 4;

/**
 * Reads a model's records in order, in batches; the next ones are read and prepared while one is looked at.
 *
 * Asks for 1, 2, 3 … instead of listing: a folder of 100,000 files is never sorted. Only where a record is missing is the
 * store asked whether more lie after it.
 * @param prepare what to do with each file as soon as it is read, all of a batch at once.
 * @param first where to begin.
 * @param unreadable what to make of a record that the store lists and that, tried twice, can be neither read nor prepared; absent:
 *   that ends the reading.
 */
export async function* readLedger<T extends object>(
  store: ObjectStore,
  model: string,
  prepare: (seq: number, bytes: Uint8Array) => Promise<T>,
  { first = 1, unreadable }: { first?: number; unreadable?: (error: RatchetError) => T } = {},
): AsyncGenerator<Place<T>[]> {
  const list: ListKeys = (prefix, options) => store.list(prefix, options);
  let from = first;
  let asked = first;
  let size = BATCH_MIN;
  const loads: Promise<(T | null)[]>[] = [];
  for (let ahead = 1; ;) {
    while (loads.length < ahead) ask();
    const batch = await loads.shift()!;
    const start = from;
    const whole = batch.findIndex((found) => found === null);
    const places = (whole === -1 ? batch : batch.slice(0, whole)).map((found, i) => ({ seq: start + i, found: found! }));
    from = start + places.length;
    if (whole === -1) {
      ahead = BATCHES_AHEAD; // a short ledger is not asked for what it has not
      while (loads.length < ahead) ask();
      yield places;
      continue;
    }
    yield places;
    const next = await nextSeq(list, model, from);
    if (next === null) return;
    yield [{ seq: from, found: null, to: next - 1 }];
    loads.length = 0;
    from = next;
    asked = next;
    size = BATCH_MIN;
    ahead = 1;
  }

  function ask(): void {
    loads.push(load(asked, size));
    asked += size;
    size = Math.min(BATCH_MAX, 2 * size);
  }

  function load(first: number, size: number): Promise<(T | null)[]> {
    const loading = Promise.all(Array.from({ length: size }, (_, i) => one(first + i)));
    loading.catch(() => undefined); // told when it is awaited, which may be later
    return loading;
  }

  async function one(seq: number): Promise<T | null> {
    try {
      return await read(seq);
    } catch (error) {
      if (unreadable === undefined || !(error instanceof RatchetError)) throw error;
      // A store that is away lists nothing either; and one that was away for a moment reads it now.
      if ((await nextSeq(list, model, seq - 1)) !== seq) throw error;
      return read(seq).catch(() => unreadable(error));
    }
  }

  async function read(seq: number): Promise<T | null> {
    const bytes = await store.get(recordKey(model, seq));
    return bytes === null ? null : prepare(seq, bytes);
  }
}
