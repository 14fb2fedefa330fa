import { expect, test } from 'vitest';
import { createLedger } from '../../src/activities/ledger.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest, type ModelInTest } from './model-in-test.js';

const loop = useLoop('dev');
/** As long as owners are: a server's id and a namespace. */
const stranger = `${'f'.repeat(8)}-${'0000-'.repeat(3)}${'f'.repeat(12)}/default`;
const unattended = { gates: { whenNoChampion: 'pass' } } as const;

/** Another cluster takes the model over, as `ratchet adopt` does there. */
async function takenOver({ name, records }: ModelInTest): Promise<void> {
  const opened = (await records())[0]!;
  const heir = createLedger({ store: loop().store, signer: createMemorySigner(), owner: stranger });
  await heir.adopt({ model: name, from: opened.after.owner, requestedBy: 'bo', reason: 'moved', requestId: 'a1', at: opened.at });
}

test('an open cycle that another cluster owns by now is trouble, and its text says how to take it back', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'hang' });
  await model.apply(unattended);
  await model.trigger({ key: 'k' });
  const cycle = await model.cycleOf('k');
  await takenOver(model);
  await model.cycle(cycle).terminate();
  await model.trigger({ key: 'wakes it' });
  const { trouble } = await eventually(model.state, (state) => state.trouble !== null);
  expect(trouble).toContain(`expected the owner test/default, found ${stranger}`);
  expect(trouble).toContain(`ratchet adopt ${model.name}`);
});

test('a trigger that comes to nothing because another cluster owns the model is dropped with the whole remedy', async () => {
  const model = modelInTest(loop(), 'm'.repeat(53));
  await model.apply(unattended);
  await takenOver(model);
  await model.trigger({ key: 'k' });
  const { seenKeys } = await eventually(model.state, (state) => state.seenKeys.some(({ dropped }) => dropped !== undefined));
  expect(seenKeys[0]!.dropped).toContain(`take its models over with \`ratchet adopt ${model.name}\`; if it runs, use another store`);
});

test('a spec that can no longer be read is trouble, and its text says what replaces it', async () => {
  const model = modelInTest(loop());
  await model.apply(unattended);
  const { specDigest } = (await model.state()) as { specDigest: string };
  const file = [...loop().store.files.keys()].find((key) => key.endsWith(specDigest.replace('sha256:', '')))!;
  loop().store.files.delete(file);
  await model.trigger({ key: 'k' });
  await eventually(model.state, ({ trouble }) => trouble !== null && trouble.includes('ratchet apply -f'));
});
