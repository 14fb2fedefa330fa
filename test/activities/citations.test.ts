import { expect, test } from 'vitest';
import { createLedger, type Ledger } from '../../src/activities/ledger.js';
import { createLifecycleActivities } from '../../src/activities/lifecycle-activities.js';
import type { LedgerBody } from '../../src/domain/ledger.js';
import { createMemoryJobCluster } from '../fakes/memory-job-cluster.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { createMemoryStore, type MemoryStore } from '../fakes/memory-store.js';
import { AT, cycleStarted, judged, paused } from '../ledger/sample-bodies.js';

const model = 'm';

type Note = [key: string, body: LedgerBody];

/** A cycle that ended failed, as one is settled whose workflow is gone. @param notes of no cycle, before its end */
async function failedAfter(notes: readonly Note[], ...bodies: ((cycle: number) => LedgerBody)[]) {
  const store = createMemoryStore();
  const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'test/default' });
  const append = (key: string, body: LedgerBody) => ledger.append({ model, key, body, expects: {}, at: AT });
  const { seq: cycle } = await append('t/cycle-started', cycleStarted('t'));
  for (const body of bodies) await append(`${cycle}/${body(cycle).kind}`, body(cycle));
  for (const [key, body] of notes) await append(`${key}/${body.kind}`, body);
  const failure = { type: 'JobLost', class: 'lost', message: 'gone', remedy: '' };
  const ended = { kind: 'cycle-ended', cycle, outcome: 'failed', stage: null, reason: 'gone', failure, evidence: {} } as const;
  await append(`${cycle}/cycle-ended`, ended);
  return activitiesOver(store, ledger).findCitations({ model, cycle });
}

function activitiesOver(store: MemoryStore, ledger: Ledger) {
  const ports = { store, ledger, jobCluster: createMemoryJobCluster(store), router: {} as never, searchAttributes: false };
  return createLifecycleActivities(ports);
}

test('a number that is no cycle is refused without reading on to the head', async () => {
  const store = createMemoryStore();
  const ledger = createLedger({ store, signer: createMemorySigner(), owner: 'test/default' });
  for (let i = 0; i < 100; i++) await ledger.append({ model, key: `p${i}/paused`, body: paused(), expects: {}, at: AT });
  const { get } = store.requests;
  expect(await activitiesOver(store, ledger).findCitations({ model, cycle: 2 })).toMatchObject({
    refusal: expect.stringContaining('there is no cycle 2'),
  });
  expect(store.requests.get - get).toBeLessThan(40);
});

test('a cycle that failed is retried, however much was recorded before its end', { timeout: 60_000 }, async () => {
  const notes = Array.from({ length: 1001 }, (_, i): Note => [`p${i}`, paused()]);
  expect(await failedAfter(notes)).toEqual({ asOf: AT, cites: {} });
});

test('a cycle that failed is retried, unless a decision against it is on record', async () => {
  expect(await failedAfter([])).toEqual({ asOf: AT, cites: {} });
  expect(await failedAfter([], (cycle) => judged(cycle))).toEqual({ asOf: AT, cites: {} });
  expect(await failedAfter([], (cycle) => judged(cycle, { face: 'fail', next: 'stop' }))).toEqual({
    refusal: expect.stringContaining('was rejected, by a decision and not by a failure: ratchet trigger m') as string,
  });
});
