import { expect, test } from 'vitest';
import { useLoop } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';

const loop = useLoop('dev');

test('a first model is signed by a person, the second one promotes itself', async () => {
  const model = modelInTest(loop());
  expect(await model.apply()).toMatchObject({ changed: true });
  await model.trigger({ key: 'first' });
  const { openCycle } = await eventually(model.state, (state) => state.openCycle !== null);
  const first = openCycle!;
  await eventually(() => model.cycleState(first), (state) => state.approval !== null);
  expect(await model.vote(first)).toEqual({ outcome: 'approved', approvals: 1, quorum: 1 });
  expect(await model.cycle(first).result()).toMatchObject({ outcome: 'promoted' });

  await model.trigger({ key: 'second' });
  const second = (await eventually(model.state, (state) => state.seenKeys.some(({ key, cycle }) => key === 'second' && cycle !== null))).seenKeys.at(-1)!.cycle!;
  expect(await model.cycle(second).result()).toMatchObject({ outcome: 'promoted', approval: null });
  expect(await model.kinds()).toEqual([
    'ledger-opened',
    'spec-applied',
    'cycle-started',
    'judged',
    'approved',
    'promoted',
    'cycle-ended',
    'cycle-started',
    'judged',
    'promoted',
    'cycle-ended',
  ]);
});
