import { expect, test } from 'vitest';
import { z } from 'zod';
import { getEvidence, putDocument } from '../../src/activities/documents.js';
import type { Stage } from '../../src/domain/evidence.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { createMemoryStore } from '../fakes/memory-store.js';

const Body = z.object({ text: z.string() });

function countingStore(): { store: ObjectStore; reads: () => number } {
  const inner = createMemoryStore();
  let reads = 0;
  const getByDigest: ObjectStore['getByDigest'] = (digest) => {
    reads += 1;
    return inner.getByDigest(digest);
  };
  return { store: { ...inner, getByDigest }, reads: () => reads };
}

function evidence(stage: Stage, text: string) {
  const inputDigest = `sha256:${'0'.repeat(64)}`;
  return { kind: 'evidence', stage, model: 'm', cycle: 2, inputDigest, from: {}, job: null, body: { text } };
}

test('evidence that was read before is not read again, but still is not that of another stage', async () => {
  const { store, reads } = countingStore();
  const digest = await putDocument(store, evidence('train', 'small'));
  const first = await getEvidence(store, 'train', Body, digest);
  expect(await getEvidence(store, 'train', Body, digest)).toEqual(first);
  expect(reads()).toBe(1);
  await expect(getEvidence(store, 'refit', Body, digest)).rejects.toMatchObject({ type: 'EvidenceCorrupt' });
  await expect(getEvidence(store, 'train', z.object({ rows: z.number() }), digest)).rejects.toMatchObject({ type: 'EvidenceCorrupt' });
});

test('large evidence is not kept in memory, nor is the evidence of another store', async () => {
  const { store, reads } = countingStore();
  const digest = await putDocument(store, evidence('train', 'x'.repeat(100_000)));
  for (let asked = 1; asked <= 2; asked++) {
    await getEvidence(store, 'train', Body, digest);
    expect(reads()).toBe(asked);
  }
  const small = await putDocument(store, evidence('train', 'small'));
  await getEvidence(store, 'train', Body, small);
  await expect(getEvidence(countingStore().store, 'train', Body, small)).rejects.toMatchObject({ type: 'EvidenceMissing' });
});

test('of more evidence than is kept, the oldest is read again', async () => {
  const { store, reads } = countingStore();
  const digests = await Promise.all(Array.from({ length: 65 }, (_, i) => putDocument(store, evidence('train', `${i}`))));
  for (const digest of digests) await getEvidence(store, 'train', Body, digest);
  await getEvidence(store, 'train', Body, digests[1]!);
  expect(reads()).toBe(65);
  await getEvidence(store, 'train', Body, digests[0]!);
  expect(reads()).toBe(66);
});
