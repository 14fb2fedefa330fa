import { expect, test } from 'vitest';
import { DEFAULT_GRACE_SECONDS } from '../../src/adapters/kubernetes/job-manifest.js';
import { PATIENCE } from '../../src/adapters/kubernetes/patience.js';
import type { JobStage } from '../../src/domain/job.js';
import { abortUpdate, type AbortRequest } from '../../src/workflows/messages.js';
import { historyJson } from './histories.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest, type ModelInTest } from './model-in-test.js';

// The time-skipping server fails a workflow task that cancels an activity which has just ended: cancelling is tried on the real one.
const loop = useLoop('dev');
const unattended = { gates: { whenNoChampion: 'pass' } };
const request: AbortRequest = { requestedBy: 'ana', reason: 'the source was wrong' };

async function runningJobs(model: ModelInTest): Promise<string[]> {
  return (await loop().jobCluster.listRunning()).filter((job) => job.model === model.name).map((job) => job.name);
}

/** Brings a cycle to a halt in that stage. */
async function haltIn(model: ModelInTest, stage: string) {
  const release = (): void => undefined;
  if (stage === 'approve') return { ...(await model.openApproval()), release };
  const number = await model.open({ ...unattended, refit: stage === 'refit' || stage === 'agree' ? 'afterPass' : 'none' });
  const activity = {
    judge: 'judgeCycle',
    register: 'registerCandidate',
    promote: 'promoteCandidate',
    submit: 'submitJob',
    record: 'recordStage',
  }[stage];
  if (activity !== undefined) {
    const held = loop().holds.hold(model.name, activity);
    const handle = await model.startCycle(number);
    await held.reached;
    return { number, handle, release: held.release };
  }
  loop().jobCluster.script(model.name, stage as JobStage, { kind: 'hang' });
  const handle = await model.startCycle(number);
  await model.untilJobRuns(number, stage as JobStage);
  return { number, handle, release };
}

const STAGES = ['snapshot', 'validate', 'train', 'evaluate', 'judge', 'refit', 'agree', 'register', 'approve'] as const;

test.for(STAGES)('an abort in %s stops its job and ends the cycle', async (stage) => {
  const model = modelInTest(loop());
  const { number, handle } = await haltIn(model, stage);
  await handle.executeUpdate(abortUpdate, { args: [request] });
  expect(await handle.result()).toMatchObject({ outcome: 'aborted', reason: 'aborted by ana: the source was wrong' });
  expect((await model.records()).at(-1)!.body).toMatchObject({ kind: 'cycle-ended', outcome: 'aborted', stage, failure: null });
  expect(await runningJobs(model)).toEqual([]);
  expect(loop().jobCluster.stopped.filter((name) => name.startsWith(`${model.name}-c${number}-`))).toHaveLength(
    ['judge', 'register', 'approve'].includes(stage) ? 0 : 1,
  );
  await expect(handle.executeUpdate(abortUpdate, { args: [request] })).rejects.toThrow();
});

test('stopping a job may take as long as a cluster waits for a node that is not heard of', async () => {
  const model = modelInTest(loop());
  const { handle } = await haltIn(model, 'train');
  await handle.executeUpdate(abortUpdate, { args: [request] });
  await handle.result();
  const scheduled = historyJson(await handle.fetchHistory()).events.map((event) => event['activityTaskScheduledEventAttributes']);
  const stop = scheduled.find((event) => JSON.stringify(event)?.includes('"name":"stopJob"'));
  const longestSeconds = DEFAULT_GRACE_SECONDS + PATIENCE.lostMsMax / 1000;
  expect(Number((stop as { startToCloseTimeout: { seconds: string } }).startToCloseTimeout.seconds)).toBeGreaterThan(longestSeconds + 30);
});

test('an end waits a day at most for what still runs; evidence is recorded under the digest that its job was submitted with', async () => {
  const model = modelInTest(loop());
  const { handle } = await haltIn(model, 'validate');
  await handle.executeUpdate(abortUpdate, { args: [request] });
  await handle.result();
  const { events } = historyJson(await handle.fetchHistory());
  const scheduled = (name: string) => {
    const found = events.map((event) => event['activityTaskScheduledEventAttributes']);
    return found.find((each) => (each as { activityType?: { name: string } } | undefined)?.activityType?.name === name);
  };
  expect(scheduled('stopJobsOfCycle')).toMatchObject({ scheduleToCloseTimeout: { seconds: '86400' } });
  const { input } = scheduled('recordStage') as { input: { payloads: { data: string }[] } };
  const asked = JSON.parse(Buffer.from(input.payloads[0]!.data, 'base64').toString()) as { stage: string; inputDigest: string };
  expect(asked).toMatchObject({ stage: 'snapshot', inputDigest: expect.stringMatching(/^sha256:/) as string });
});

test.for(STAGES)('a cancellation from outside in %s ends the cycle just so', async (stage) => {
  const model = modelInTest(loop());
  const { handle } = await haltIn(model, stage);
  await handle.cancel();
  expect(await handle.result()).toMatchObject({ outcome: 'aborted', reason: 'cancelled from outside' });
  expect((await model.records()).at(-1)!.body).toMatchObject({ kind: 'cycle-ended', outcome: 'aborted', stage });
  expect(await runningJobs(model)).toEqual([]);
});

test('an abort while a job is being started stops the job that comes of it', async () => {
  const model = modelInTest(loop());
  const { number, handle, release } = await haltIn(model, 'submit');
  await handle.executeUpdate(abortUpdate, { args: [request] });
  await expect(handle.executeUpdate(abortUpdate, { args: [request] })).rejects.toMatchObject({
    cause: { message: expect.stringContaining('already being aborted by ana') },
  });
  release();
  expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
  expect(loop().jobCluster.started(model.name, number)).toEqual(['snapshot#1']);
  expect(await runningJobs(model)).toEqual([]);
});

test('an abort in the wait before the next attempt ends the cycle', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'fail', type: 'JobTemporary' }, { kind: 'hang' });
  const number = await model.open(unattended);
  const handle = await model.startCycle(number);
  await eventually(
    () => model.cycleState(number),
    ({ stages }) => stages.some(({ note }) => note.startsWith('again after')),
  );
  await handle.executeUpdate(abortUpdate, { args: [request] });
  expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
  expect(loop().jobCluster.started(model.name)).not.toContain('train#2');
});

test('a promotion cannot be aborted, and a cancellation does not leave it half done', async () => {
  const model = modelInTest(loop());
  const { handle, release } = await haltIn(model, 'promote');
  await expect(handle.executeUpdate(abortUpdate, { args: [request] })).rejects.toMatchObject({
    cause: { message: expect.stringContaining('cannot be aborted') },
  });
  await handle.cancel();
  release();
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  expect(loop().registry.aliases.get(`${model.name}@champion`)).toBe('1');
  expect(await model.kinds()).toEqual(['ledger-opened', 'cycle-started', 'judged', 'promoted', 'cycle-ended']);
});

test('an abort that comes after the last decision is refused, not swallowed', async () => {
  const model = modelInTest(loop());
  const held = loop().holds.hold(model.name, 'stopJobsOfCycle');
  const handle = await model.startCycle(await model.open(unattended));
  await held.reached;
  await expect(handle.executeUpdate(abortUpdate, { args: [request] })).rejects.toMatchObject({ cause: { type: 'RequestRefused' } });
  held.release();
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
});

test('an abort that says nothing is refused', async () => {
  const model = modelInTest(loop());
  const { handle } = await haltIn(model, 'train');
  for (const payload of [undefined, 'stop', {}, { requestedBy: '' }]) {
    await expect(handle.executeUpdate(abortUpdate, { args: [payload as AbortRequest] })).rejects.toMatchObject({
      cause: { type: 'RequestRefused' },
    });
  }
  await handle.executeUpdate(abortUpdate, { args: [request] });
  expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
});

test('an activity that was in flight when the cycle was aborted cannot write afterwards', async () => {
  const model = modelInTest(loop());
  const number = await model.open(unattended);
  const held = loop().holds.hold(model.name, 'appendRecord');
  const handle = await model.startCycle(number);
  await held.reached;
  await handle.executeUpdate(abortUpdate, { args: [request] });
  expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
  held.release();
  await held.finished;
  expect(await model.kinds()).toEqual(['ledger-opened', 'cycle-started', 'cycle-ended']);
});
