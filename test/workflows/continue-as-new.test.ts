import { expect, test } from 'vitest';
import { applyUpdate, pauseUpdate, resumeUpdate, TASK_QUEUE, triggerSignal } from '../../src/workflows/messages.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest, type ModelInTest } from './model-in-test.js';

/** A history of 40 events is long here: on a real server it is 4,096. */
const loop = useLoop('dev', { extraArgs: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=40'] });
const unattended = { gates: { whenNoChampion: 'pass' } };
const by = { requestedBy: 'ana', reason: '' };

async function runOf(model: ModelInTest): Promise<string> {
  return (await model.lifecycle().describe()).runId;
}

test('queue, seen keys and pause survive while the lifecycle continues as new, and every wish becomes one cycle', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'hang' });
  await model.apply(unattended);
  const firstRun = await runOf(model);
  const keys = ['a', 'b', 'c'];
  for (const key of keys) {
    await model.trigger({ key });
    if (key === 'a') await model.cycleOf('a');
  }
  await model.lifecycle().executeUpdate(pauseUpdate, { args: [by] });
  // A stream of messages that never leaves the lifecycle without work does not put it off.
  const again = async (): Promise<string> => Promise.all(keys.map((key) => model.trigger({ key }))).then(() => runOf(model));
  await eventually(again, (run) => run !== firstRun);
  for (const key of keys) expect(await model.trigger({ key })).toMatchObject({ duplicate: true });
  const { events } = await loop().client.workflow.getHandle(model.lifecycleId, firstRun).fetchHistory();
  expect(events!.length).toBeLessThan(200);
  // The new run says what the ledger says as soon as it has read it.
  const { queue: waiting } = await eventually(model.state, ({ paused }) => paused);
  expect(waiting).toMatchObject([{ trigger: { key: 'b' } }, { trigger: { key: 'c' } }]);
  await model.lifecycle().executeUpdate(resumeUpdate, { args: [by] });
  for (const key of keys) {
    const cycle = await model.cycleOf(key);
    await eventually(
      () =>
        loop()
          .jobCluster.finish(`${model.name}-c${cycle}-train-a1`)
          .then(() => model.cycleState(cycle)),
      ({ outcome }) => outcome === 'promoted',
    );
  }
  const { queue, openCycle } = await eventually(model.state, (state) => state.openCycle === null);
  expect({ queue, openCycle }).toEqual({ queue: [], openCycle: null });
  expect((await model.kinds()).filter((kind) => kind === 'cycle-started')).toHaveLength(keys.length);
});

test('no trigger is lost in a storm of signals and updates over continue-as-new', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'snapshot', { kind: 'fail', type: 'InputInvalid' });
  await model.apply(unattended);
  const first = await runOf(model);
  const keys = Array.from({ length: 8 }, (_, n) => `storm-${n}`);
  const send = async (key: string, n: number): Promise<unknown> => {
    const wish = { key, kind: 'person', ...by } as const;
    if (n % 2 === 0)
      return loop().client.workflow.signalWithStart('modelLifecycle', {
        workflowId: model.lifecycleId,
        taskQueue: TASK_QUEUE,
        args: [{ model: model.name }],
        signal: triggerSignal,
        signalArgs: [wish],
      });
    return model.trigger(wish);
  };
  for (let start = 0; start < keys.length; start += 4) await Promise.all(keys.slice(start, start + 4).map((key, n) => send(key, n)));
  await eventually(
    async () => (await model.kinds()).filter((kind) => kind === 'cycle-ended').length,
    (ended) => ended === keys.length,
    60,
  );
  const started = (await model.records()).flatMap(({ body }) => (body.kind === 'cycle-started' ? [body.trigger.key] : []));
  expect(started.toSorted()).toEqual(keys.toSorted());
  expect(await runOf(model)).not.toBe(first);
});

test('an update that comes while the run ends is answered', async () => {
  const model = modelInTest(loop());
  const { specDigest, codeDigest } = await model.putSpec(unattended);
  await model.apply(unattended);
  const first = await runOf(model);
  for (let n = 0; n < 12; n++) {
    const request = { specDigest, codeDigest: n % 2 === 0 ? specDigest : codeDigest, requestedBy: 'ana' };
    expect(await model.lifecycle().executeUpdate(applyUpdate, { args: [request] })).toMatchObject({ changed: true });
  }
  expect(await runOf(model)).not.toBe(first);
  expect((await model.kinds()).filter((kind) => kind === 'spec-applied')).toHaveLength(13);
});
