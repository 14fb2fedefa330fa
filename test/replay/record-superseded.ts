import { expect, test } from 'vitest';
import { rollbackWorkflowId, voteSignal } from '../../src/workflows/messages.js';
import { useLoop } from '../workflows/loop.js';
import { eventually, modelInTest } from '../workflows/model-in-test.js';
import { record } from './record-history.js';

const loop = useLoop('dev', { extraArgs: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=120'] });

test('superseded by a rollback while it waits, after a vote that came before the question', async () => {
  const model = modelInTest(loop(), 'superseded');
  const signed = {
    approval: { requiredFor: 'always', signers: [{ name: 'ana' }] },
    gates: { whenNoChampion: 'pass', againstChampion: [] },
  };
  const begin = async (key: string): Promise<number> => {
    await model.apply(signed, key);
    await model.trigger({ key });
    return model.cycleOf(key);
  };
  const waits = async (cycle: number) =>
    eventually(
      () => model.cycleState(cycle),
      ({ approval }) => approval !== null,
    );
  for (const key of ['first', 'second']) {
    const cycle = await begin(key);
    await waits(cycle);
    await model.vote(cycle);
    await model.cycle(cycle).result();
    await eventually(model.state, ({ openCycle }) => openCycle === null);
  }
  const held = loop().holds.hold(model.name, 'findApproval');
  const cycle = await begin('third');
  await held.reached;
  const { candidateDigest } = await model.cycleState(cycle);
  await model.cycle(cycle).signal(voteSignal, { candidateDigest: candidateDigest!, signer: 'mallory', decision: 'approve', comment: '' });
  held.release();
  await waits(cycle);
  const input = { model: model.name, to: null, requestedBy: 'ana', reason: '' };
  const { runId } = await model.lifecycle().describe();
  await loop().client.workflow.execute('rollbackModel', {
    workflowId: rollbackWorkflowId(model.name),
    taskQueue: 'ratchet',
    args: [input],
  });
  expect(await model.cycle(cycle).result()).toMatchObject({ outcome: 'superseded', approval: { refused: [{ signer: 'mallory' }] } });
  await eventually(model.state, ({ openCycle }) => openCycle === null);
  await record('superseded', model.cycle(cycle));
  const lifecycle = loop().client.workflow.getHandle(model.lifecycleId, runId);
  const { events } = await lifecycle.fetchHistory();
  expect(events?.some((event) => event.signalExternalWorkflowExecutionInitiatedEventAttributes != null)).toBe(true);
  await record('lifecycle-after-a-rollback', lifecycle);
});
