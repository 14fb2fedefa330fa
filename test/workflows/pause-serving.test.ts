import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { RatchetError } from '../../src/domain/failure.js';
import {
  monitorWorkflowId,
  pauseServingUpdate,
  resumeServingUpdate,
  TASK_QUEUE,
  type MonitorModelResult,
} from '../../src/workflows/messages.js';
import type { monitorModel } from '../../src/workflows/monitor-model.js';
import type { SpecChange } from '../fakes/model-file.js';
import { cohort } from '../fakes/monitor-output.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest, type ModelInTest } from './model-in-test.js';
import { challengerOf } from './traffic-in-test.js';

const loop = useLoop('dev');
const by = { requestedBy: 'ana', reason: 'wrong answers' };
const pausing = { answers: { decay: { action: 'pauseServing', foundMin: 1, ofWindows: 1 } } } as const;
const isHeld = (model: ModelInTest): boolean => loop().traffic.held.has(model.name);
const pause = (model: ModelInTest) =>
  model.lifecycle().executeUpdate(pauseServingUpdate, { args: [{ ...by, documentDigest: null, wish: null }] });
const resume = (model: ModelInTest) => model.lifecycle().executeUpdate(resumeServingUpdate, { args: [by] });

async function served(change: SpecChange = {}): Promise<ModelInTest> {
  const model = modelInTest(loop());
  await model.apply({ gates: { whenNoChampion: 'pass' }, serving: {}, ...change });
  await model.trigger({ key: 'first' });
  await model.cycle(await model.cycleOf('first')).result();
  await eventually(model.state, ({ openCycle }) => openCycle === null);
  return model;
}

/** Looks at a window of one model in which its decay is proven. */
async function monitor({ name }: ModelInTest): Promise<MonitorModelResult> {
  loop().jobCluster.script(name, 'monitor', { kind: 'succeed', output: { cohort: cohort({ worse: 0.05 }) } });
  return loop().client.workflow.execute<typeof monitorModel>('monitorModel', {
    workflowId: `${monitorWorkflowId(name)}/${randomUUID()}`,
    taskQueue: TASK_QUEUE,
    args: [{ model: name }],
  });
}

/** What the reconciliation found of this model. */
async function reconcile({ name }: ModelInTest): Promise<string[]> {
  const options = { workflowId: `reconcile-${randomUUID()}`, taskQueue: TASK_QUEUE, args: [] };
  const found = (await loop().client.workflow.execute('reconcileModels', options)) as string[];
  return found.filter((line) => line.startsWith(`${name}: `));
}

test('a person refuses all requests and ends it; both stand in the ledger, and asking twice records once', async () => {
  const model = await served();
  expect(await pause(model)).toEqual({ isPaused: true, trouble: null });
  expect(isHeld(model)).toBe(true);
  expect(await pause(model)).toEqual({ isPaused: true, trouble: null });
  expect((await model.records()).at(-1)).toMatchObject({
    body: { kind: 'serving-paused', ...by, documentDigest: null },
    after: { servingPaused: by },
  });
  expect(await resume(model)).toEqual({ isPaused: false, trouble: null });
  expect(isHeld(model)).toBe(false);
  expect((await model.records()).at(-1)!.after.servingPaused).toBeUndefined();
  await expect(resume(model)).rejects.toMatchObject({ cause: { message: expect.stringContaining('is not paused') } });
  expect((await model.kinds()).filter((kind) => kind.startsWith('serving-'))).toEqual(['serving-paused', 'serving-resumed']);
});

test('a model that answers nothing, or is routed by what cannot refuse, is not paused, with the reason', async () => {
  const unserved = modelInTest(loop());
  await unserved.apply();
  expect(await pause(unserved)).toEqual({ isPaused: false, trouble: expect.stringContaining('it answers no requests') });
  const routed = modelInTest(loop());
  const router = { kind: 'gateway-api', gateway: { name: 'models' } };
  await routed.apply({ serving: { cluster: { kind: 'kubernetes', image: 'models:1', router } } });
  expect(await pause(routed)).toEqual({ isPaused: false, trouble: expect.stringContaining('divided by gateway-api') });
  expect([...(await unserved.kinds()), ...(await routed.kinds())]).not.toContain('serving-paused');
});

test('what answers is paused, and looked after, whatever the newest model file says of serving', async () => {
  const model = await served();
  await model.apply({ gates: { whenNoChampion: 'pass' } });
  expect(await pause(model)).toEqual({ isPaused: true, trouble: null });
  loop().traffic.held.delete(model.name);
  expect(await reconcile(model)).toEqual([expect.stringContaining('serving is paused, and they are let through')]);
  expect(isHeld(model)).toBe(true);
});

test('a pause that is asked for while a resume is being written is the newer one', async () => {
  const model = await served();
  await pause(model);
  loop().traffic.failures.set('hold', new RatchetError('RouterUnavailable', 'away'));
  const resuming = resume(model);
  await eventually(model.kinds, (kinds) => kinds.includes('serving-resumed'));
  const pausing = pause(model);
  loop().traffic.failures.delete('hold');
  expect(await resuming).toEqual({ isPaused: false, trouble: null });
  expect(await pausing).toEqual({ isPaused: true, trouble: null });
  expect((await model.kinds()).filter((kind) => kind.startsWith('serving-'))).toEqual([
    'serving-paused',
    'serving-resumed',
    'serving-paused',
  ]);
  expect(isHeld(model)).toBe(true);
});

test('a proxy that is away keeps nobody waiting: the pause is recorded, its trouble told, and the reconciliation brings it about', async () => {
  const model = await served();
  loop().traffic.failures.set('hold', new RatchetError('RouterUnavailable', 'away'));
  expect(await pause(model)).toEqual({ isPaused: true, trouble: expect.stringContaining('away') });
  expect(isHeld(model)).toBe(false);
  loop().traffic.failures.delete('hold');
  expect(await reconcile(model)).toEqual([expect.stringContaining('serving is paused, and they are let through')]);
  expect(isHeld(model)).toBe(true);
});

test('what is let through although the ledger says that it is refused, or refused although it is not, is told and set right', async () => {
  const model = await served();
  await pause(model);
  expect(await reconcile(model)).toEqual([]);
  loop().traffic.held.delete(model.name);
  expect(await reconcile(model)).toEqual([`${model.name}: requests: serving is paused, and they are let through`]);
  expect(isHeld(model)).toBe(true);
  await resume(model);
  loop().traffic.held.add(model.name);
  expect(await reconcile(model)).toEqual([`${model.name}: requests: serving is not paused, and they are refused`]);
  expect(isHeld(model)).toBe(false);
});

test('a route that was lost with its hold is held before it is put again', async () => {
  const model = await served();
  await pause(model);
  loop().traffic.routes.delete(model.name);
  loop().traffic.held.delete(model.name);
  expect(await reconcile(model)).toEqual([expect.stringContaining('no requests are sent anywhere')]);
  expect(isHeld(model)).toBe(true);
  expect(loop().traffic.routes.has(model.name)).toBe(true);
});

test('a decay that is to pause serving does, says what was measured, and tells the owner; a person ends it for good', async () => {
  const model = await served({ monitoring: pausing });
  const result = await monitor(model);
  expect(result.done).toEqual([
    expect.stringMatching(/^paused serving, all requests are refused until `ratchet resume .* --serving`: decay/),
  ]);
  expect(isHeld(model)).toBe(true);
  const { body } = (await model.records()).at(-1)!;
  expect(body).toMatchObject({ kind: 'serving-paused', requestedBy: 'monitoring', documentDigest: result.documentDigest });
  const notices = loop().notifier.notices.filter((notice) => notice.model === model.name);
  expect(notices).toMatchObject([{ title: `${model.name}: decay`, untilResumed: { what: 'serving' } }]);

  await resume(model);
  // The same answer is given again, as by who died before it could say that it was done.
  const key = loop()
    .notifier.notices.find(({ model: name }) => name === model.name)!
    .id.replace(`${model.name}/monitor/`, '');
  const wish = {
    model: model.name,
    kind: 'decay' as const,
    key,
    reason: 'again',
    documentDigest: result.documentDigest!,
    workflowId: model.lifecycleId,
  };
  const activity = new MockActivityEnvironment({}, { client: loop().client });
  expect(await activity.run(loop().activities.pauseServing, { ...wish, taskQueue: TASK_QUEUE })).toEqual({
    isRecorded: false,
    trouble: expect.stringMatching(/^a person resumed it at .*, and this rests on what was since /),
  });
  expect(isHeld(model)).toBe(false);
});

test('a decay that is found while the proxy is away is recorded, told as it is, and brought to mind', async () => {
  const model = await served({ monitoring: pausing });
  loop().traffic.failures.set('hold', new RatchetError('RouterUnavailable', 'away'));
  expect((await monitor(model)).done).toEqual([
    expect.stringMatching(/^paused serving, .*tried again every minute, for now they are not \(.*away/),
  ]);
  loop().traffic.failures.delete('hold');
  const notices = loop().notifier.notices.filter((notice) => notice.model === model.name && notice.event === 'monitor');
  expect(notices).toMatchObject([{ title: `${model.name}: decay`, untilResumed: { what: 'serving' } }]);
  expect(await reconcile(model)).toEqual([expect.stringContaining('serving is paused, and they are let through')]);
  expect(isHeld(model)).toBe(true);
});

test.for(['pauseServing', 'whyUnpausable', 'holdTraffic', 'notifyPeople'])(
  'a worker that dies right after %s changes nothing',
  async (activity) => {
    const model = await served({ monitoring: pausing });
    loop().holds.loseReply(model.name, activity);
    expect((await monitor(model)).done).toEqual([expect.stringMatching(/^paused serving/)]);
    expect(isHeld(model)).toBe(true);
    expect((await model.kinds()).filter((kind) => kind.startsWith('serving-'))).toEqual(['serving-paused']);
  },
);

test('a route that cannot be read is held all the same, and told', async () => {
  const model = await served();
  await pause(model);
  loop().traffic.held.delete(model.name);
  loop().traffic.failures.set('read', new RatchetError('RouterUnavailable', 'its file is spoilt'));
  expect(await reconcile(model)).toEqual([expect.stringContaining('its file is spoilt')]);
  loop().traffic.failures.delete('read');
  expect(isHeld(model)).toBe(true);
});

test('of many wishes at once each is recorded, and the last record is what is in force', async () => {
  const model = await served();
  await pause(model);
  await Promise.all([resume(model), pause(model), pause(model), pause(model)].map((asked) => asked.catch(() => undefined)));
  const last = (await model.records()).at(-1)!.after.servingPaused !== undefined;
  expect(isHeld(model)).toBe(last);
});

test('a rollout goes on while serving is paused, and nobody is answered by it', async () => {
  const { model, untilPhase, command, cycle } = await challengerOf(loop());
  await model.apply({ gates: { whenNoChampion: 'pass' }, serving: {} });
  await pause(model);
  await untilPhase('Progressing');
  await command('abort');
  await cycle.result();
  expect(isHeld(model)).toBe(true);
});
