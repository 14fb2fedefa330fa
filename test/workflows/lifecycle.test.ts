import { expect, test } from 'vitest';
import { objectKey } from '../../src/domain/object-key.js';
import {
  applyUpdate,
  lifecycleWorkflowId,
  pauseServingUpdate,
  pauseUpdate,
  resumeServingUpdate,
  resumeUpdate,
  TASK_QUEUE,
  triggerSignal,
  triggerUpdate,
} from '../../src/workflows/messages.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';

const loop = useLoop('dev', { searchAttributes: true });
const unattended = { gates: { whenNoChampion: 'pass' } };
const by = { requestedBy: 'ana', reason: '' };

test('a first model is signed by a person, the second one promotes itself', async () => {
  const model = modelInTest(loop());
  expect(await model.apply()).toMatchObject({ changed: true });
  await model.trigger({ key: 'first' });
  const first = await model.cycleOf('first');
  await eventually(
    () => model.cycleState(first),
    (state) => state.approval !== null,
  );
  expect(await model.vote(first)).toEqual({ outcome: 'approved', approvals: 1, quorum: 1 });
  expect(await model.cycle(first).result()).toMatchObject({ outcome: 'promoted' });

  const found = (await model.cycle(first).describe()).typedSearchAttributes.toJSON();
  expect(Object.fromEntries(found.map(({ key, value }) => [key.name, value]))).toMatchObject({
    RatchetModel: model.name,
    RatchetTrigger: 'person',
    RatchetStage: 'promote',
    RatchetVerdict: 'no-baseline',
  });

  await model.trigger({ key: 'second' });
  expect(await model.cycle(await model.cycleOf('second')).result()).toMatchObject({ outcome: 'promoted', approval: null });
  const cycle = ['cycle-started', 'judged', 'promoted', 'cycle-ended'];
  expect(await model.kinds()).toEqual([
    'ledger-opened',
    'spec-applied',
    'cycle-started',
    'judged',
    'approved',
    ...cycle.slice(2),
    ...cycle,
  ]);
  await eventually(model.state, ({ openCycle, champion }) => openCycle === null && champion?.cycle === first + 5);
});

test('the same spec applied twice is one record, another code is another', async () => {
  const model = modelInTest(loop());
  expect(await model.apply(unattended)).toMatchObject({ changed: true });
  expect(await model.apply(unattended)).toMatchObject({ changed: false });
  expect(await model.apply(unattended, 'v2')).toMatchObject({ changed: true });
  expect(await model.kinds()).toEqual(['ledger-opened', 'spec-applied', 'spec-applied']);
});

test('what the worker’s store does not hold is never put in force: whoever applied it from another store is told at once', async () => {
  const model = modelInTest(loop());
  await model.apply(unattended);
  const request = { ...(await model.putSpec(unattended, 'v2')), requestedBy: 'ana' };
  await loop().store.remove(request.codeDigest);
  await expect(model.lifecycle().executeUpdate(applyUpdate, { args: [request] })).rejects.toMatchObject({
    cause: {
      type: 'EvidenceMissing',
      message: `the worker’s store is ${loop().store.uri} and does not hold the code ${request.codeDigest}`,
      details: [{ remedy: expect.stringContaining('set RATCHET_STORE_URI') as string }],
    },
  });
  expect(await model.kinds()).toEqual(['ledger-opened', 'spec-applied']);
  expect(await model.apply(unattended, 'v2')).toMatchObject({ changed: true });
});

test('the same trigger is one cycle, by update and by signal', async () => {
  const model = modelInTest(loop());
  await model.apply(unattended);
  const wish = { key: 'once', kind: 'ci', ...by } as const;
  expect(await model.trigger(wish)).toEqual({ key: 'once', duplicate: false, position: 0 });
  expect(await model.trigger(wish)).toMatchObject({ duplicate: true });
  await model.lifecycle().signal(triggerSignal, wish);
  await model.cycle(await model.cycleOf('once')).result();
  await model.lifecycle().signal(triggerSignal, wish);
  expect(await model.trigger(wish)).toMatchObject({ duplicate: true });
  await eventually(model.state, ({ openCycle }) => openCycle === null);
  expect((await model.kinds()).filter((kind) => kind === 'cycle-started')).toHaveLength(1);
});

test('one cycle at a time: people wait in order, machines join one another', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'hang' });
  await model.apply(unattended);
  await model.trigger({ key: 'p1' });
  const first = await model.cycleOf('p1');
  await model.trigger({ key: 'm1', kind: 'schedule' });
  await model.trigger({ key: 'm2', kind: 'drift' });
  const waiting = await eventually(model.state, ({ seenKeys }) => seenKeys.some(({ dropped }) => dropped !== undefined));
  expect(await model.trigger({ key: 'p2' })).toMatchObject({ position: 1 });
  expect(waiting.queue.map(({ trigger }) => trigger.key)).toEqual(['m1']);
  expect(waiting.seenKeys.find(({ key }) => key === 'm2')).toMatchObject({
    cycle: null,
    dropped: expect.stringContaining('m1 waits already'),
  });
  for (const key of ['p1', 'p2', 'm1']) {
    const cycle = await model.cycleOf(key);
    await eventually(
      async () =>
        loop()
          .jobCluster.finish(`${model.name}-c${cycle}-train-a1`)
          .then(() => model.cycleState(cycle)),
      ({ outcome }) => outcome === 'promoted',
    );
  }
  expect(first).toBeLessThan(await model.cycleOf('p2'));
  expect(await model.cycleOf('p2')).toBeLessThan(await model.cycleOf('m1'));
});

test('a paused model starts nothing until it is resumed', async () => {
  const model = modelInTest(loop());
  await model.apply(unattended);
  await model.lifecycle().executeUpdate(pauseUpdate, { args: [by] });
  await expect(model.lifecycle().executeUpdate(pauseUpdate, { args: [by] })).rejects.toMatchObject({
    cause: { message: expect.stringContaining('already paused') },
  });
  await model.trigger({ key: 'waits' });
  expect(await model.state()).toMatchObject({ paused: true, openCycle: null, queue: [{ trigger: { key: 'waits' } }] });
  await model.lifecycle().executeUpdate(resumeUpdate, { args: [by] });
  await model.cycle(await model.cycleOf('waits')).result();
  expect((await model.kinds()).slice(0, 5)).toEqual(['ledger-opened', 'spec-applied', 'paused', 'resumed', 'cycle-started']);
});

test('messages that make no sense are refused and block nothing', async () => {
  const model = modelInTest(loop());
  await model.apply(unattended);
  const lifecycle = model.lifecycle();
  for (const payload of [
    undefined,
    'now',
    {},
    { key: '' },
    { key: 'k', kind: 'whim', ...by },
    { key: 'x'.repeat(300), kind: 'person', ...by },
    { key: 'k', kind: 'person', ...by, asOf: 'yesterday' },
  ]) {
    await lifecycle.signal(triggerSignal, payload as never);
    await expect(lifecycle.executeUpdate(triggerUpdate, { args: [payload as never] })).rejects.toMatchObject({
      cause: { type: 'RequestRefused' },
    });
  }
  for (const definition of [applyUpdate, pauseUpdate, resumeUpdate, pauseServingUpdate, resumeServingUpdate]) {
    await expect(lifecycle.executeUpdate(definition as typeof pauseUpdate, { args: [undefined as never] })).rejects.toMatchObject({
      cause: { type: 'RequestRefused' },
    });
  }
  expect(await model.state()).toMatchObject({ queue: [], seenKeys: [] });
  await model.trigger({ key: 'sound' });
  expect(await model.cycle(await model.cycleOf('sound')).result()).toMatchObject({ outcome: 'promoted' });
});

test('a retry goes on from the stage that failed and works nothing again that was done', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'evaluate', { kind: 'fail', type: 'JobFailed' });
  await model.apply(unattended);
  await model.trigger({ key: 'fails' });
  const failed = await model.cycleOf('fails');
  await expect(model.cycle(failed).result()).rejects.toThrow();
  loop().jobCluster.script(model.name, 'evaluate');
  await model.trigger({ key: 'again', retryOf: failed });
  const retried = await model.cycleOf('again');
  const state = await model.cycle(retried).result();
  expect(state).toMatchObject({ outcome: 'promoted' });
  expect(loop().jobCluster.started(model.name, retried)).toEqual(['evaluate#1']);
  expect(state.stages.filter(({ result }) => result?.cited).map(({ stage }) => stage)).toEqual(['snapshot', 'validate', 'train']);

  await model.trigger({ key: 'nothing to retry', retryOf: retried });
  const { seenKeys } = await eventually(model.state, (seen) => seen.seenKeys.some(({ dropped }) => dropped !== undefined));
  expect(seenKeys.at(-1)!.dropped).toContain('ended promoted');
});

test('a retry with mended trainer code trains again, but neither snapshots nor validates', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'fail', type: 'JobFailed' });
  await model.apply(unattended);
  await model.trigger({ key: 'fails' });
  const failed = await model.cycleOf('fails');
  await expect(model.cycle(failed).result()).rejects.toThrow();
  loop().jobCluster.script(model.name, 'train');
  loop().jobCluster.script(model.name, 'evaluate', { kind: 'fail', type: 'JobFailed' });
  await model.apply(unattended, 'mended');
  await model.trigger({ key: 'again', retryOf: failed });
  const again = await model.cycleOf('again');
  await expect(model.cycle(again).result()).rejects.toThrow();
  expect(loop().jobCluster.started(model.name, again)).toEqual(['train#1', 'evaluate#1']);
  // The next code: what was trained with the last one may not be cited either.
  loop().jobCluster.script(model.name, 'evaluate');
  await model.apply(unattended, 'mended once more');
  await model.trigger({ key: 'once more', retryOf: again });
  const last = await model.cycleOf('once more');
  expect(await model.cycle(last).result()).toMatchObject({ outcome: 'promoted' });
  expect(loop().jobCluster.started(model.name, last)).toEqual(['train#1', 'evaluate#1']);
});

test('a lifecycle without a ledger ends, and one that cannot read its ledger says so', async () => {
  const nobody = modelInTest(loop());
  await loop().client.workflow.start('modelLifecycle', {
    workflowId: nobody.lifecycleId,
    taskQueue: TASK_QUEUE,
    args: [{ model: nobody.name }],
  });
  await nobody.lifecycle().result();

  const model = modelInTest(loop());
  await model.apply(unattended);
  await model.lifecycle().terminate();
  const file = [...loop().store.files.keys()].find((key) => key === `ledger/${model.name}/000000000002.json`)!;
  const whole = loop().store.files.get(file)!;
  loop().store.files.set(file, Buffer.from(Buffer.from(whole).toString().replace('"ana"', '"eve"')));
  await loop().client.workflow.start('modelLifecycle', {
    workflowId: model.lifecycleId,
    taskQueue: TASK_QUEUE,
    args: [{ model: model.name }],
  });
  await expect(model.trigger({ key: 'k' })).rejects.toMatchObject({ cause: { message: expect.stringContaining('cannot be read') } });
  expect((await model.state()).trouble).toContain('the record was changed');
  loop().store.files.set(file, whole);
  await model.lifecycle().signal(triggerSignal, { key: 'k', kind: 'person', ...by });
  expect(await model.cycle(await model.cycleOf('k')).result()).toMatchObject({ outcome: 'promoted' });
  expect((await model.state()).trouble).toBeNull();
});

test('a schedule asks with its time as the key, also where the lifecycle does not run', async () => {
  const model = modelInTest(loop());
  await model.apply(unattended);
  await model.lifecycle().terminate();
  const scheduleId = `${lifecycleWorkflowId(model.name)}/schedule`;
  const schedule = await loop().client.schedule.create({
    scheduleId,
    spec: { cronExpressions: ['0 3 * * *'] },
    action: {
      type: 'startWorkflow',
      workflowType: 'requestCycle',
      workflowId: `${model.lifecycleId}/request`,
      taskQueue: TASK_QUEUE,
      args: [{ model: model.name }],
    },
  });
  await schedule.trigger();
  const { seenKeys } = await eventually(model.state, (state) => state.seenKeys.some(({ cycle }) => cycle !== null));
  expect(seenKeys[0]!.key).toMatch(/^schedule\/\d{4}-\d\d-\d\dT/);
  expect(await model.cycle(seenKeys[0]!.cycle!).result()).toMatchObject({ outcome: 'promoted' });
  await schedule.delete();
});

test('a schedule of a model that nobody applied fails with the remedy', async () => {
  const model = modelInTest(loop());
  const request = loop().client.workflow.execute('requestCycle', {
    workflowId: `${model.lifecycleId}/request`,
    taskQueue: TASK_QUEUE,
    args: [{ model: model.name }],
  });
  await expect(request).rejects.toMatchObject({ cause: { cause: { type: 'ModelUnknown' } } });
});

test('a spec that can no longer be read starts nothing, and another one can still be applied', async () => {
  const model = modelInTest(loop());
  await model.apply(unattended);
  const { specDigest } = await model.putSpec(unattended);
  loop().store.files.delete(objectKey(specDigest));
  await model.lifecycle().executeUpdate(pauseUpdate, { args: [by] });
  await model.lifecycle().executeUpdate(resumeUpdate, { args: [by] });
  await model.trigger({ key: 'waits' });
  expect(await model.state()).toMatchObject({
    trouble: expect.stringContaining('the spec in force cannot be read'),
    queue: [{ trigger: { key: 'waits' } }],
  });
  expect(await model.apply({ ...unattended, tier: 'low' })).toMatchObject({ changed: true });
  expect(await model.cycle(await model.cycleOf('waits')).result()).toMatchObject({ outcome: 'promoted' });
  expect(await model.state()).toMatchObject({ trouble: null });
});
