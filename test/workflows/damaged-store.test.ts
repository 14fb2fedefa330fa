import { expect, test } from 'vitest';
import type { Digest } from '../../src/domain/digest.js';
import { objectKey } from '../../src/domain/object-key.js';
import { useLoop } from './loop.js';
import { modelInTest, type CycleEndedBody, type ModelInTest } from './model-in-test.js';

const loop = useLoop('timeSkipping');
const unattended = { gates: { whenNoChampion: 'pass' } };

test.for<[what: string, digestOf: (evidence: CycleEndedBody['evidence'], model: Digest) => Digest]>([
  ['model', (_evidence, model) => model],
  ['evaluation', ({ evaluate }) => evaluate!],
  ['verdict', ({ judge }) => judge!],
])('a %s whose bytes changed in the store while the candidate waited is never promoted', async ([, digestOf]) => {
  const model = modelInTest(loop());
  const held = loop().holds.hold(model.name, 'promoteCandidate');
  const handle = await model.startCycle(await model.open(unattended));
  await held.reached;
  const { evidence, modelDigest } = await evidenceOf(model);
  const digest = digestOf(evidence, modelDigest);
  const key = objectKey(digest);
  const bytes = loop().store.files.get(key)!;
  loop().store.files.set(key, Buffer.from('damaged'));
  held.release();
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'EvidenceCorrupt', message: expect.stringContaining(digest) } });
  expect((await loop().ledger.readState(model.name))!.state.champion).toBeNull();
  expect(await model.kinds()).not.toContain('promoted');
  loop().store.files.set(key, bytes);
});

test('a retry does not cite a model that was damaged: it is trained again, and promoted', async () => {
  const model = modelInTest(loop());
  const held = loop().holds.hold(model.name, 'promoteCandidate');
  const handle = await model.startCycle(await model.open(unattended));
  await held.reached;
  const { evidence, modelDigest } = await evidenceOf(model);
  loop().store.files.set(objectKey(modelDigest), Buffer.from('damaged'));
  held.release();
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'EvidenceCorrupt' } });

  loop().store.files.delete(objectKey(modelDigest)); // the memory store never replaces; the real ones do
  const retried = await model.startCycle(await model.open(unattended, { key: 'again' }, { cites: evidence }));
  expect(await retried.result()).toMatchObject({ outcome: 'promoted' });
  expect(loop().jobCluster.started(model.name)).toEqual(['snapshot#1', 'validate#1', 'train#1', 'evaluate#1', 'train#1']);
});

async function evidenceOf(model: ModelInTest): Promise<{ evidence: CycleEndedBody['evidence']; modelDigest: Digest }> {
  const [cycle] = (await model.records()).filter(({ body }) => body.kind === 'cycle-started').slice(-1);
  const { stages } = await model.cycleState(cycle!.seq);
  const evidence = Object.fromEntries(stages.flatMap(({ stage, result }) => (result ? [[stage, result.evidenceDigest]] : [])));
  const train = JSON.parse(Buffer.from(await loop().store.getByDigest(evidence['train']!)).toString('utf8')) as {
    body: { model: { digest: Digest } };
  };
  return { evidence, modelDigest: train.body.model.digest };
}
