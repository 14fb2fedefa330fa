import { expect, test } from 'vitest';
import { JobStage } from '../../src/domain/job.js';
import { TASK_QUEUE, triggerSignal } from '../../src/workflows/messages.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest, type ModelInTest } from './model-in-test.js';

const loop = useLoop('dev');
const unattended = { gates: { whenNoChampion: 'pass' } };
const by = { requestedBy: 'ana', reason: '' };

const PLACES = ['judgeCycle', 'registerCandidate', 'approve', 'promoteCandidate', 'projectChampion', 'appendRecord'];

test.for([...JobStage.options, ...PLACES])('a cycle that was terminated at %s is settled at the next trigger', async (place) => {
  const model = modelInTest(loop());
  const { cycle, release } = await terminateAt(model, place);
  await model.trigger({ key: 'next' });
  const next = await model.cycleOf('next');
  release();
  const ended = (await model.records()).find(({ body }) => body.kind === 'cycle-ended' && body.cycle === cycle)!.body;
  const isPromoted = place === 'projectChampion';
  expect(ended).toMatchObject(
    isPromoted
      ? { outcome: 'promoted' }
      : { outcome: 'failed', failure: { remedy: expect.stringContaining(`ratchet retry ${model.name}`) } },
  );
  expect((await loop().jobCluster.listRunning()).filter((job) => job.model === model.name && job.cycle === cycle)).toEqual([]);
  if (isPromoted)
    await eventually(
      async () => loop().registry.aliases.get(`${model.name}@champion`),
      (alias) => alias !== undefined,
    );
  await model.cycle(next).terminate();
});

/** Terminates the first cycle where a job of that stage, or that activity, is under way. */
async function terminateAt(model: ModelInTest, place: string): Promise<{ cycle: number; release: () => void }> {
  const job = JobStage.options.find((stage) => stage === place);
  const isJob = job !== undefined;
  if (isJob) loop().jobCluster.script(model.name, job, { kind: 'hang' });
  await model.apply(place === 'approve' ? {} : { ...unattended, ...((place === 'refit' || place === 'agree') && { refit: 'afterPass' }) });
  const held = isJob || place === 'approve' || place === 'appendRecord' ? null : loop().holds.hold(model.name, place);
  await model.trigger({ key: 'first' });
  const cycle = await model.cycleOf('first');
  const late = place === 'appendRecord' ? loop().holds.hold(model.name, place) : held;
  if (late !== null) await late.reached;
  else
    await eventually(
      () => model.cycleState(cycle),
      ({ stages, approval }) =>
        isJob ? stages.some(({ stage, note }) => stage === place && note.startsWith('running as')) : approval !== null,
    );
  await model.cycle(cycle).terminate();
  return { cycle, release: () => late?.release() };
}

test('a no that people said stands where the cycle was terminated before it could end, and is asked no second time', async () => {
  const model = modelInTest(loop());
  await model.apply();
  await model.trigger({ key: 'first' });
  const cycle = await model.cycleOf('first');
  await eventually(
    () => model.cycleState(cycle),
    ({ approval }) => approval !== null,
  );
  const held = loop().holds.hold(model.name, 'stopJobsOfCycle');
  await model.vote(cycle, { decision: 'reject', comment: 'too soon' });
  await held.reached;
  await model.cycle(cycle).terminate();
  await model.trigger({ key: 'again', retryOf: cycle });
  const { seenKeys } = await eventually(model.state, (seen) => seen.openCycle === null && seen.queue.length === 0);
  held.release();
  const ended = (await model.records()).find(({ body }) => body.kind === 'cycle-ended')!.body;
  expect(ended).toMatchObject({ outcome: 'rejected', reason: 'rejected by ana: too soon', failure: null });
  expect(seenKeys.find(({ key }) => key === 'again')).toMatchObject({ cycle: null });
  expect((await model.kinds()).filter((kind) => kind === 'cycle-started')).toHaveLength(1);
});

test('a retry of a cycle that was terminated cites what it had finished', async () => {
  const model = modelInTest(loop());
  const { cycle } = await terminateAt(model, 'train');
  loop().jobCluster.script(model.name, 'train');
  await model.trigger({ key: 'again', retryOf: cycle });
  const again = await model.cycleOf('again');
  expect(await model.cycle(again).result()).toMatchObject({ outcome: 'promoted' });
  expect(loop().jobCluster.started(model.name, again)).toEqual(['train#1', 'evaluate#1']);
});

test('a retry that ended before it had cited anything leaves the next one all that was finished before', async () => {
  const model = modelInTest(loop());
  const { cycle } = await terminateAt(model, 'train');
  loop().jobCluster.script(model.name, 'train');
  const held = loop().holds.hold(model.name, 'openCycle');
  await model.trigger({ key: 'too early', retryOf: cycle });
  const early = await model.cycleOf('too early');
  await held.reached;
  await model.cycle(early).terminate();
  held.release();
  await model.trigger({ key: 'again', retryOf: early });
  const again = await model.cycleOf('again');
  expect(await model.cycle(again).result()).toMatchObject({ outcome: 'promoted' });
  expect(loop().jobCluster.started(model.name, again)).toEqual(['train#1', 'evaluate#1']);
});

test('a lifecycle that was terminated is rebuilt from the ledger', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'hang' });
  await model.apply(unattended);
  await model.trigger({ key: 'first' });
  const first = await model.cycleOf('first');
  await model.lifecycle().terminate();
  expect(await model.apply(unattended)).toMatchObject({ changed: false });
  expect(await model.state()).toMatchObject({ openCycle: first, queue: [], seenKeys: [] });
  await model.trigger({ key: 'second' });
  await eventually(
    () =>
      loop()
        .jobCluster.finish(`${model.name}-c${first}-train-a1`)
        .then(() => model.cycleState(first)),
    ({ outcome }) => outcome === 'promoted',
  );
  const second = await model.cycleOf('second');
  // The very first wish is known to the ledger, even though the lifecycle has forgotten it.
  await model.trigger({ key: 'first' });
  await eventually(
    () =>
      loop()
        .jobCluster.finish(`${model.name}-c${second}-train-a1`)
        .then(() => model.cycleState(second)),
    ({ outcome }) => outcome === 'promoted',
  );
  expect(await model.cycleOf('first')).toBe(first);
  expect((await model.kinds()).filter((kind) => kind === 'cycle-started')).toHaveLength(2);
});

test('a lifecycle that died between the record and the start of a cycle starts it when it comes back', async () => {
  const model = modelInTest(loop());
  await model.apply(unattended);
  await model.lifecycle().terminate();
  const cycle = await model.open(unattended);
  await loop().client.workflow.signalWithStart('modelLifecycle', {
    workflowId: model.lifecycleId,
    taskQueue: TASK_QUEUE,
    args: [{ model: model.name }],
    signal: triggerSignal,
    signalArgs: [{ key: 'wake', kind: 'person', ...by }],
  });
  await eventually(
    () => model.cycleState(cycle),
    ({ outcome }) => outcome === 'promoted',
  );
  expect(await model.cycleOf('wake')).toBeGreaterThan(cycle);
});

test('a lifecycle that was cancelled from outside ends, and comes back with the next apply', async () => {
  const model = modelInTest(loop());
  await model.apply(unattended);
  await model.lifecycle().cancel();
  await expect(model.lifecycle().result()).rejects.toThrow();
  expect(await model.apply(unattended)).toMatchObject({ changed: false });
  await model.trigger({ key: 'k' });
  expect(await model.cycle(await model.cycleOf('k')).result()).toMatchObject({ outcome: 'promoted' });
});
