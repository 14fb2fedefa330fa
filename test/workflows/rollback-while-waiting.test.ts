import { expect, test } from 'vitest';
import { championChangedSignal, rollbackWorkflowId, TASK_QUEUE, type RollbackInput } from '../../src/workflows/messages.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest, type ModelInTest } from './model-in-test.js';

const loop = useLoop('dev');
const signed = { approval: { requiredFor: 'always', signers: [{ name: 'ana' }] }, gates: { whenNoChampion: 'pass', againstChampion: [] } };

async function waitingCycle(model: ModelInTest, key: string): Promise<number> {
  await model.apply(signed, key);
  await model.trigger({ key });
  const cycle = await model.cycleOf(key);
  await eventually(
    () => model.cycleState(cycle),
    ({ approval }) => approval !== null,
  );
  return cycle;
}

async function promotedCycle(model: ModelInTest, key: string): Promise<void> {
  const cycle = await waitingCycle(model, key);
  await model.vote(cycle);
  await model.cycle(cycle).result();
  await eventually(model.state, ({ openCycle }) => openCycle === null);
}

async function rollBack({ name }: ModelInTest): Promise<void> {
  const input: RollbackInput = { model: name, to: null, requestedBy: 'ana', reason: 'complaints' };
  await loop().client.workflow.execute('rollbackModel', { workflowId: rollbackWorkflowId(name), taskQueue: TASK_QUEUE, args: [input] });
}

test('a rollback ends the cycle that waits for signatures, and the next one may start', async () => {
  const model = modelInTest(loop());
  await promotedCycle(model, 'first');
  await promotedCycle(model, 'second');
  const waiting = await waitingCycle(model, 'third');
  await rollBack(model);
  expect(await model.cycle(waiting).result()).toMatchObject({
    outcome: 'superseded',
    reason: expect.stringContaining('the champion is now'),
    approval: { votes: [], outcome: null },
  });
  expect((await model.records()).at(-1)!.body).toMatchObject({
    kind: 'cycle-ended',
    cycle: waiting,
    outcome: 'superseded',
    stage: 'approve',
  });
  const next = await waitingCycle(model, 'fourth');
  await model.vote(next);
  expect(await model.cycle(next).result()).toMatchObject({ outcome: 'promoted' });
});

test('whoever says so of a champion that did not change ends nothing', async () => {
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval();
  await handle.signal(championChangedSignal);
  expect(await model.vote(number)).toMatchObject({ outcome: 'approved' });
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
});

test('it ends also where the registry is down and cannot be told of the rollback', async () => {
  const model = modelInTest(loop());
  await promotedCycle(model, 'first');
  await promotedCycle(model, 'second');
  const waiting = await waitingCycle(model, 'third');
  loop().registry.fail(model.name, Infinity);
  const rolledBack = rollBack(model);
  expect(await model.cycle(waiting).result()).toMatchObject({ outcome: 'superseded' });
  loop().registry.fail(model.name, 0);
  await rolledBack;
});
