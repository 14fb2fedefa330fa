import { expect, test } from 'vitest';
import { voteSignal } from '../../src/workflows/messages.js';
import { useLoop } from './loop.js';
import { modelInTest } from './model-in-test.js';

const loop = useLoop('dev');
const unattended = { gates: { whenNoChampion: 'pass' } };

test('a worker that is shut down hands its watches over: the job goes on, and so does the cycle', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'hang' });
  const cycle = await model.open(unattended);
  const handle = await model.startCycle(cycle);
  await model.untilJobRuns(cycle, 'train');
  await loop().withoutWorkers(async () => undefined);
  await loop().jobCluster.finish(`${model.name}-c${cycle}-train-a1`);
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  expect(loop().jobCluster.started(model.name)).toEqual(['snapshot#1', 'validate#1', 'train#1', 'evaluate#1']);
  expect(loop().jobCluster.stopped).toEqual([]);
});

test('a vote that nobody could count before the time was over does not approve, and stands with its reason', async () => {
  const model = modelInTest(loop());
  const seconds = 40;
  const { number, handle, candidateDigest } = await model.openApproval({
    approval: { signers: [{ name: 'ana' }], timeoutHours: seconds / 3600 },
  });
  const { openedAt } = (await model.cycleState(number)).approval!;
  await loop().withoutWorkers(async () => {
    await handle.signal(voteSignal, { candidateDigest, signer: 'ana', decision: 'approve', comment: '' });
    await new Promise((resolve) => setTimeout(resolve, Date.parse(openedAt) + seconds * 1000 + 500 - Date.now()));
  });
  const state = await handle.result();
  expect(state).toMatchObject({
    outcome: 'rejected',
    approval: { outcome: 'timedOut', votes: [], refused: [{ signer: 'ana', reason: expect.stringContaining('the vote is over') }] },
  });
});
