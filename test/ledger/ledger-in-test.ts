import { createLedger, type Ledger } from '../../src/activities/ledger.js';
import type { LedgerBody, LedgerExpects } from '../../src/domain/ledger.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.js';
import { approved, AT, cycleEnded, cycleStarted, judged, promoted } from './sample-bodies.js';

/** Of every test of a ledger. */
export const model = 'flights';
export const owner = 'local/default';

export function setUp(store: MemoryStore = createMemoryStore()) {
  const signer = createMemorySigner();
  return { store, signer, ledger: createLedger({ store, signer, owner }) };
}

/** Under a key that says what it is. */
export function append(ledger: Ledger, key: string, body: LedgerBody, expects: LedgerExpects = {}, at = AT) {
  return ledger.append({ model, key: `${key}/${body.kind}`, body, expects, at });
}

/** One whole cycle; its number. */
export async function runCycle(ledger: Ledger, trigger: string): Promise<number> {
  const { seq } = await append(ledger, trigger, cycleStarted(trigger), { openCycle: null });
  await append(ledger, `${seq}`, judged(seq), { openCycle: seq });
  await append(ledger, `${seq}`, approved(seq), { openCycle: seq });
  await append(ledger, `${seq}`, promoted(seq), { openCycle: seq });
  await append(ledger, `${seq}`, cycleEnded(seq), { openCycle: seq });
  return seq;
}
