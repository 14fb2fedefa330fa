import { expect, test } from 'vitest';
import { abortUpdate } from '../../src/workflows/messages.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';
import { resetBefore } from './reset-before.js';

const loop = useLoop('dev');
const unattended = { gates: { whenNoChampion: 'pass' } };

/** In the order in which a reset goes ever further back. */
const PLACES = [
  'stopJobsOfCycle',
  'projectChampion',
  'promoteCandidate',
  'registerCandidate',
  'appendRecord',
  'judgeCycle',
  'recordStage',
  'awaitJob',
  'submitJob',
  'openCycle',
];

test('a promoted cycle that is reset to before any of its activities adopts what is recorded and ends the same', async () => {
  const model = modelInTest(loop());
  const cycle = await model.open(unattended);
  await (await model.startCycle(cycle)).result();
  const records = await model.kinds();
  const jobs = loop().jobCluster.started(model.name);
  const handle = loop().client.workflow.getHandle(model.cycle(cycle).workflowId);
  for (const place of PLACES) {
    await resetBefore(loop().client, handle, place);
    expect(await handle.result(), place).toMatchObject({ outcome: 'promoted' });
    expect(await model.kinds(), place).toEqual(records);
  }
  expect(loop().jobCluster.started(model.name)).toEqual(jobs);
  expect(loop().registry.versions.get(model.name)).toHaveLength(1);
  expect(loop().registry.aliases.get(`${model.name}@champion`)).toBe('1');
});

/** In the order in which their jobs come. */
const STAGES = ['snapshot', 'validate', 'train', 'evaluate', 'refit', 'agree'] as const;
/** The first ones are those of the other resets. */
const LATER = STAGES.slice(2);
const refitted = { ...unattended, refit: 'afterPass' } as const;

test('so does one with a refit that is reset to before any of its later jobs is recorded', async () => {
  const model = modelInTest(loop());
  const cycle = await model.open(refitted);
  await (await model.startCycle(cycle)).result();
  const records = await model.kinds();
  const jobs = loop().jobCluster.started(model.name);
  expect(jobs).toEqual(STAGES.map((stage) => `${stage}#1`));
  const handle = loop().client.workflow.getHandle(model.cycle(cycle).workflowId);
  for (const stage of LATER.toReversed()) {
    await resetBefore(loop().client, handle, 'recordStage', STAGES.indexOf(stage) + 1);
    expect(await handle.result(), stage).toMatchObject({ outcome: 'promoted' });
  }
  expect(await model.kinds()).toEqual(records);
  expect(loop().jobCluster.started(model.name)).toEqual(jobs);
  expect(loop().registry.versions.get(model.name)).toHaveLength(1);
});

test.for(LATER)('a cycle that is reset while its %s runs waits for the job that runs, and starts no second one', async (stage) => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, stage, { kind: 'hang' });
  const cycle = await model.open(refitted);
  const { workflowId } = await model.startCycle(cycle);
  await model.untilJobRuns(cycle, stage);
  const handle = loop().client.workflow.getHandle(workflowId);
  const nth = STAGES.indexOf(stage) + 1;
  await resetBefore(loop().client, handle, 'awaitJob', nth);
  await model.untilJobRuns(cycle, stage);
  await resetBefore(loop().client, handle, 'submitJob', nth);
  await model.untilJobRuns(cycle, stage);
  await loop().jobCluster.finish(`${model.name}-c${cycle}-${stage}-a1`);
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  expect(loop().jobCluster.started(model.name)).toEqual(STAGES.map((name) => `${name}#1`));
});

test.for(['submitJob', 'registerCandidate', 'findApproval'])(
  'a cycle that waits for people and is reset to before %s waits again, for the same candidate',
  async (activity) => {
    const model = modelInTest(loop());
    const { number, candidateDigest } = await model.openApproval();
    const handle = loop().client.workflow.getHandle(model.cycle(number).workflowId);
    await resetBefore(loop().client, handle, activity);
    await eventually(
      () => model.cycleState(number),
      ({ approval }) => approval !== null,
    );
    expect((await model.cycleState(number)).candidateDigest).toBe(candidateDigest);
    expect(await model.vote(number)).toMatchObject({ outcome: 'approved' });
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
    expect((await model.kinds()).filter((kind) => kind === 'promoted')).toHaveLength(1);
  },
);

test('an approval that was recorded before a reset stands, though its votes are counted at another time now', async () => {
  const model = modelInTest(loop());
  const { number } = await model.openApproval();
  const held = loop().holds.hold(model.name, 'promoteCandidate');
  await model.vote(number);
  await held.reached;
  const handle = loop().client.workflow.getHandle(model.cycle(number).workflowId);
  await resetBefore(loop().client, handle, 'notifyPeople');
  held.release();
  await eventually(
    () => model.cycleState(number),
    ({ outcome, approval }) => outcome !== null || approval !== null,
  );
  // The server brings the vote again; where it does not, the people sign again and the ledger keeps the first record.
  if ((await model.cycleState(number)).approval?.outcome == null) await model.vote(number).catch(() => undefined);
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  expect((await model.kinds()).filter((kind) => kind === 'approved' || kind === 'promoted')).toEqual(['approved', 'promoted']);
});

test('an aborted cycle that is reset to its beginning does not come to life again', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'hang' });
  const number = await model.open(unattended);
  const started = await model.startCycle(number);
  await model.untilJobRuns(number, 'train');
  await started.executeUpdate(abortUpdate, { args: [{ requestedBy: 'ana', reason: 'no' }] });
  await started.result();
  const handle = loop().client.workflow.getHandle(started.workflowId);
  for (const activity of ['openCycle', 'judgeCycle']) {
    await resetBefore(loop().client, handle, activity).catch(() => undefined); // it never came to its judgement
    expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
  }
  expect(await model.kinds()).toEqual(['ledger-opened', 'cycle-started', 'cycle-ended']);
});

/** A lifecycle whose first wish is a cycle that trains on and on. */
async function trainingFirst() {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'hang' });
  await model.apply(unattended);
  await model.trigger({ key: 'first' });
  const cycle = await model.cycleOf('first');
  await model.untilJobRuns(cycle, 'train');
  return { model, cycle };
}

test('a lifecycle that is reset while wishes wait goes on with the next one when it finds the first one done', async () => {
  const { model, cycle } = await trainingFirst();
  await resetBefore(loop().client, loop().client.workflow.getHandle(model.lifecycleId), 'readModelState');
  await model.trigger({ key: 'second' });
  await eventually(model.state, ({ openCycle, queue }) => openCycle === cycle && queue.length === 2);
  await loop().jobCluster.finish(`${model.name}-c${cycle}-train-a1`);
  loop().jobCluster.script(model.name, 'train');
  expect(await model.cycle(await model.cycleOf('second')).result()).toMatchObject({ outcome: 'promoted' });
  expect(await model.cycleOf('first')).toBe(cycle);
});

test.for(['readModelState', 'appendRecord'])(
  'a lifecycle that is reset to before %s finds its cycle again, and starts no second one',
  async (activity) => {
    const { model, cycle } = await trainingFirst();
    await resetBefore(loop().client, loop().client.workflow.getHandle(model.lifecycleId), activity);
    await eventually(model.state, ({ openCycle }) => openCycle === cycle);
    await loop().jobCluster.finish(`${model.name}-c${cycle}-train-a1`);
    await eventually(
      () => model.cycleState(cycle),
      ({ outcome }) => outcome === 'promoted',
    );
    loop().jobCluster.script(model.name, 'train');
    await model.trigger({ key: 'second' });
    expect(await model.cycle(await model.cycleOf('second')).result()).toMatchObject({ outcome: 'promoted' });
    expect((await model.kinds()).filter((kind) => kind === 'cycle-started')).toHaveLength(2);
  },
);
