import { createLedger } from '../../src/activities/ledger.js';
import { readRecords } from '../../src/client/ledger-view.js';
import type { Digest } from '../../src/domain/digest.js';
import type { LedgerBody, LedgerRecord } from '../../src/domain/ledger.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { AT, cycleEnded, cycleStarted, judged, promoted } from './sample-bodies.js';

/** A real ledger in which a test tells who became champion. */
export function createChampionStory({ model = 'flights', store = createMemoryStore() }: { model?: string; store?: ObjectStore } = {}) {
  const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'local/default' });
  return { store, append, start, promote, records: (): Promise<LedgerRecord[]> => readRecords(store, model) };

  async function append(key: string, body: LedgerBody): Promise<number> {
    return (await ledger.append({ model, key: `${key}/${body.kind}`, body, expects: {}, at: AT })).seq;
  }

  /** A cycle that may promote. @returns its number */
  async function start(trigger: string, started: { specDigest?: Digest } = {}): Promise<number> {
    const cycle = await append(trigger, { ...cycleStarted(trigger), ...started });
    await append(`${cycle}`, judged(cycle));
    return cycle;
  }

  /** A whole cycle. @returns its number */
  async function promote(trigger: string, bakes?: true, started: { specDigest?: Digest } = {}): Promise<number> {
    const cycle = await start(trigger, started);
    await append(`${cycle}`, promoted(cycle, bakes ? { bakes } : {}));
    await append(`${cycle}`, cycleEnded(cycle));
    return cycle;
  }
}
