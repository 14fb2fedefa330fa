import { expect, test } from 'vitest';
import { useLoop } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';

const loop = useLoop('timeSkipping');

test('a store that is away, and then every worker for more than a day, cost no second training', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'hang' });
  const cycle = await model.open({ gates: { whenNoChampion: 'pass' } });
  const handle = await model.startCycle(cycle);
  const train = async () => (await model.cycleState(cycle)).stages.find(({ stage }) => stage === 'train')!;
  await eventually(train, ({ note }) => note.startsWith('running as'));
  loop().holds.loseReply(model.name, 'recordStage', 1000);
  await loop().jobCluster.finish(`${model.name}-c${cycle}-train-a1`);
  await eventually(
    async () => loop().holds.lostReplies(model.name, 'recordStage'),
    (lost) => lost < 999,
  );
  await loop().withoutWorkers(() => loop().environment.sleep('25 hours'));
  loop().holds.loseReply(model.name, 'recordStage', 0);
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  expect(loop().jobCluster.started(model.name)).toEqual(['snapshot#1', 'validate#1', 'train#1', 'evaluate#1']);
});
