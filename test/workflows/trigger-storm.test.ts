import { expect, test } from 'vitest';
import { CycleUsage, usageKey } from '../../src/domain/cycle-usage.js';
import { TASK_QUEUE, triggerSignal, triggerUpdate } from '../../src/workflows/messages.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest, type ModelInTest } from './model-in-test.js';

const loop = useLoop('timeSkipping');
const unattended = { gates: { whenNoChampion: 'pass' } };

const alert = (key: string) => ({ key, kind: 'drift', requestedBy: 'monitoring', reason: '' }) as const;
const cyclesOf = async (model: ModelInTest): Promise<number> => (await model.kinds()).filter((kind) => kind === 'cycle-ended').length;

/** As machines do: the lifecycle is started where it does not run. */
async function signal(model: ModelInTest, trigger: object): Promise<void> {
  await loop().client.workflow.signalWithStart('modelLifecycle', {
    workflowId: model.lifecycleId,
    taskQueue: TASK_QUEUE,
    args: [{ model: model.name }],
    signal: triggerSignal,
    signalArgs: [trigger],
  });
}

async function known(triggers: Record<string, unknown>): Promise<ModelInTest> {
  const model = modelInTest(loop());
  await model.append('by-hand/spec-applied', {
    kind: 'spec-applied',
    ...(await model.putSpec({ ...unattended, triggers })),
    requestedBy: 'ana',
  });
  return model;
}

test('a thousand alerts in two days give the cap’s number of cycles, and a person is not held back', async () => {
  const model = await known({ cyclesPerDayMax: 2, cooldownMinutes: 30 });
  for (let burst = 0; burst < 4; burst++) {
    const alerts = Array.from({ length: 250 }, (_, n) => alert(`alert-${burst}-${n}`));
    await signal(model, alerts[0]!); // the server of these tests does not take several starts at once
    await Promise.all(alerts.slice(1).map((trigger) => model.lifecycle().signal(triggerSignal, trigger)));
    await loop().environment.sleep('11 hours');
  }
  // 44 hours: two cycles a day at most, whatever window of a day is looked at.
  const starts = (await model.records()).filter(({ body }) => body.kind === 'cycle-started').map(({ at }) => Date.parse(at));
  expect(starts.length).toBeGreaterThanOrEqual(3);
  for (const start of starts) expect(starts.filter((at) => at >= start && at - start < 86_400_000).length).toBeLessThanOrEqual(2);
  const { seenKeys } = await model.state();
  expect(seenKeys).toHaveLength(1000);
  const untold = seenKeys.filter(({ cycle, dropped }) => cycle === null && dropped === undefined);
  expect(untold.length).toBeLessThanOrEqual(1); // the one that waits

  const before = starts.length;
  await signal(model, { ...alert('person'), kind: 'person' });
  await eventually(model.kinds, (kinds) => kinds.filter((kind) => kind === 'cycle-started').length > before);
});

/** Of the counters of this model, as its worker shows them. */
async function counted(model: ModelInTest, name: string): Promise<Record<string, number>> {
  const lines = (await loop().meter.text()).split('\n').filter((line) => line.startsWith(`${name}{model="${model.name}"`));
  return Object.fromEntries(lines.map((line) => [/(?:result|reason)="(\w+)"/.exec(line)![1]!, Number(line.split(' ').at(-1))]));
}

test('an alert that must fire three times within an hour starts nothing before, and a message sent again is no firing', async () => {
  const model = await known({ policies: { webhook: { hysteresis: { firingsMin: 3, withinMinutes: 60 } } } });
  const fire = (key: string) => signal(model, { ...alert(`alertmanager/${key}`), kind: 'webhook' });
  await fire('a');
  await loop().environment.sleep('90 minutes'); // too long before the others
  for (const key of ['b', 'b', 'c']) {
    await fire(key);
    await loop().environment.sleep('10 minutes');
  }
  expect(await model.kinds()).not.toContain('cycle-started');
  const state = await model.state();
  expect(state.seenKeys.map(({ dropped }) => dropped)).toEqual([
    '1 of the 3 firings within 60 minutes that it takes',
    '1 of the 3 firings within 60 minutes that it takes',
    '2 of the 3 firings within 60 minutes that it takes',
  ]);
  await fire('d');
  await eventually(
    () => cyclesOf(model),
    (cycles) => cycles === 1,
  );
  await model.cycleOf('alertmanager/d');
  await fire('e');
  await eventually(model.state, ({ seenKeys }) => seenKeys.at(-1)?.dropped !== undefined);
  expect(await cyclesOf(model)).toBe(1);
  expect(await counted(model, 'ratchet_triggers_total')).toEqual({ accepted: 5, duplicate: 1 });
  expect(await counted(model, 'ratchet_triggers_dropped_total')).toEqual({ hysteresis: 4 });
});

test('what past cycles did is known after Temporal forgot it: cap, cooldown and budget come from the ledger', async () => {
  const model = await known({ budget: { cpuHoursPerMonthMax: 1 }, cooldownMinutes: 60 });
  await signal(model, alert('first'));
  await eventually(
    () => cyclesOf(model),
    (cycles) => cycles === 1,
  );
  const cycle = await model.cycleOf('first');
  const usage = CycleUsage.parse(JSON.parse(Buffer.from((await loop().store.get(usageKey(model.name, cycle)))!).toString()));
  expect(usage).toMatchObject({ model: model.name, cycle, gpuSeconds: 0 });

  await model.lifecycle().terminate();
  await signal(model, alert('second'));
  await signal(model, { ...alert('person'), kind: 'person' });
  await eventually(
    () => cyclesOf(model),
    (cycles) => cycles === 2,
  );
  await model.cycleOf('person');
  expect(await model.state()).toMatchObject({ queue: [{ trigger: { key: 'second' } }] });
});

test('a machine that asks again after a lost reply, with nobody there to hear it, gets one cycle', async () => {
  const model = await known({});
  const trigger = alert('asked-twice');
  await loop().withoutWorkers(async () => {
    await signal(model, trigger);
    await signal(model, trigger);
    const lost = model.lifecycle().startUpdate(triggerUpdate, { args: [trigger], waitForStage: 'ACCEPTED' });
    lost.catch(() => undefined); // nobody waits for this reply
  });
  await signal(model, trigger);
  await eventually(
    () => cyclesOf(model),
    (cycles) => cycles === 1,
  );
  expect(await model.lifecycle().executeUpdate(triggerUpdate, { args: [trigger] })).toMatchObject({ duplicate: true });
  await model.lifecycle().terminate(); // and its memory of keys with it
  await signal(model, trigger);
  await eventually(model.state, ({ seenKeys }) => seenKeys[0]?.cycle != null);
  expect(await cyclesOf(model)).toBe(1);
});
