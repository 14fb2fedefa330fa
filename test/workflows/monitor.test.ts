import { ScheduleOverlapPolicy } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import type { PlannedWindow } from '../../src/activities/monitor-activities.js';
import { getDocument } from '../../src/activities/documents.js';
import { MonitoredWindow, MonitoringPlan } from '../../src/domain/monitoring.js';
import { applyMonitorSchedule } from '../../src/client/monitor-schedule.js';
import { monitorScheduleId, monitorWorkflowId, TASK_QUEUE, type MonitorModelResult } from '../../src/workflows/messages.js';
import type { monitorModel } from '../../src/workflows/monitor-model.js';
import { modelSpec, type SpecChange } from '../fakes/model-file.js';
import { cohort } from '../fakes/monitor-output.js';
import { objectKey } from '../../src/domain/object-key.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest, type ModelInTest } from './model-in-test.js';

const loop = useLoop('dev');
const decayed = { kind: 'succeed', output: { cohort: cohort({ worse: 0.05 }) } } as const;
const first = { decay: { foundMin: 1, ofWindows: 1 } };

/** A model with a champion, and what monitoring it says. */
async function served(change: SpecChange = {}): Promise<ModelInTest> {
  const model = modelInTest(loop());
  await model.apply({ gates: { whenNoChampion: 'pass' }, monitoring: { answers: first }, ...change });
  await model.trigger({ key: 'first' });
  expect(await model.cycle(await model.cycleOf('first')).result()).toMatchObject({ outcome: 'promoted' });
  await eventually(model.state, ({ openCycle }) => openCycle === null);
  return model;
}

let runs = 0;
async function monitor({ name }: ModelInTest, requestedBy?: string): Promise<MonitorModelResult> {
  const handle = await loop().client.workflow.start<typeof monitorModel>('monitorModel', {
    workflowId: `${monitorWorkflowId(name)}/${++runs}`,
    taskQueue: TASK_QUEUE,
    args: [{ model: name, ...(requestedBy === undefined ? {} : { requestedBy }) }],
  });
  return handle.result();
}

const keysOf = (name: string): string[] => [...loop().store.files.keys()].filter((key) => key.startsWith(`monitoring/${name}/`)).sort();
const noticesOf = (name: string): string[] =>
  loop()
    .notifier.notices.filter((notice) => notice.model === name)
    .map(({ title }) => title);
const wishes = async (model: ModelInTest): Promise<unknown[]> =>
  (await model.records()).flatMap(({ body }) => (body.kind === 'monitored' ? body.wishes.map(({ finding }) => finding) : []));

test('a quiet window is judged and kept, with a report; nobody is disturbed and nothing is decided', async () => {
  const model = await served();
  const result = await monitor(model);
  expect(result.findings.filter(({ state }) => state === 'found')).toEqual([]);
  expect(result.done).toEqual([]);
  expect(keysOf(model.name).map((key) => key.split('.').at(-1))).toEqual(['html', 'json']);
  expect(await model.kinds()).not.toContain('monitored');
  expect(noticesOf(model.name)).toEqual([]);
});

test('a decay that is proven asks for a cycle, once, and tells the owner', async () => {
  const model = await served();
  loop().jobCluster.script(model.name, 'monitor', decayed);
  const result = await monitor(model);
  expect(result.done[0]).toContain('asked for a cycle: decay was found in 1 of the last 1 windows: On 2,800 mature rows');
  const { key } = (await model.state()).seenKeys.find((seen) => seen.key.startsWith('decay/'))!;
  const cycle = await model.cycleOf(key);
  expect((await model.records()).find(({ seq }) => seq === cycle)!.body).toMatchObject({
    trigger: { kind: 'decay', requestedBy: 'monitoring' },
  });
  expect(await wishes(model)).toEqual(['decay']);
  expect(noticesOf(model.name)).toEqual([`${model.name}: decay`]);
});

test('a decay that is to be answered by a recalibration runs no trainer, and is judged, signed and promoted as any other', async () => {
  const recalibrate = { decay: { action: 'recalibrate', foundMin: 1, ofWindows: 1 } } as const;
  const model = await served({ monitoring: { answers: recalibrate } });
  const champion = (await model.records()).at(-1)!.after.champion!;
  loop().jobCluster.script(model.name, 'monitor', decayed);
  expect((await monitor(model)).done[0]).toContain('asked for a cycle that recalibrates: decay was found');
  const { key } = (await model.state()).seenKeys.find((seen) => seen.key.startsWith('decay/'))!;
  const cycle = await model.cycleOf(key);
  expect(await model.cycle(cycle).result()).toMatchObject({ outcome: 'promoted' });
  const train = loop().jobCluster.spec(`${model.name}-c${cycle}-train-a1`);
  expect(train).toMatchObject({
    command: ['python', '-m', 'ratchet_steps.recalibrate'],
    files: [],
    environment: {},
    input: { stage: 'train', recalibrates: { model: champion.model, trainEnd: champion.trainEnd } },
  });
});

test('a drift of features alone is told to people, and only where it lasts', async () => {
  const columns = ['a', 'b'].map((column) => ({ column, test: 'wasserstein', statistic: 0.9, threshold: 0.1, drifted: true }));
  const model = await served({ monitoring: { settleMinutes: 0, answers: { dataDrift: { foundMin: 1, ofWindows: 1 } } } });
  loop().jobCluster.script(model.name, 'monitor', { kind: 'succeed', output: { drift: { columns, thin: [] } } });
  expect((await monitor(model)).done[0]).toMatch(/^told ml-team: dataDrift was found in 1 of the last 1 windows/);
  expect((await model.records()).findLast(({ body }) => body.kind === 'monitored')?.body).toMatchObject({
    wishes: [],
    alerts: [{ finding: 'dataDrift', reason: expect.stringContaining('dataDrift was found in 1 of the last 1 windows') }],
  });
  expect(noticesOf(model.name)).toEqual([`${model.name}: dataDrift`]);
});

test('a model that nobody promoted yet has nothing to look at', async () => {
  const model = modelInTest(loop());
  await model.apply();
  expect(await monitor(model)).toMatchObject({ window: null, done: ['no version is in force yet'] });
});

test('where the spec in force cannot be read, no window can be planned, and people are told', async () => {
  const model = await served();
  const { specDigest } = (await loop().ledger.readState(model.name))!.state;
  const key = objectKey(specDigest!);
  const bytes = loop().store.files.get(key)!;
  loop().store.files.delete(key);
  await expect(monitor(model)).rejects.toThrow();
  loop().store.files.set(key, bytes);
  expect(noticesOf(model.name)).toEqual([`${model.name}: monitoring failed`]);
});

test('a job that is lost is run again; one that fails for good is told, and no window is kept', async () => {
  const model = await served();
  loop().jobCluster.script(model.name, 'monitor', { kind: 'fail', type: 'JobLost' });
  expect((await monitor(model)).findings.length).toBeGreaterThan(5);
  const broken = await served();
  loop().jobCluster.script(broken.name, 'monitor', { kind: 'fail', type: 'InputInvalid', message: 'column temp' });
  await expect(monitor(broken)).rejects.toThrow();
  expect(keysOf(broken.name)).toEqual([]);
  expect(noticesOf(broken.name)).toEqual([`${broken.name}: monitoring failed`]);
});

test.for(['planMonitoring', 'submitMonitorJob', 'recordMonitoring', 'judgeWindow', 'appendRecord', 'requestTrigger', 'notifyPeople'])(
  'a worker that dies right after %s changes nothing: one job, one window, one wish, one notice',
  async (activity) => {
    const model = await served();
    loop().jobCluster.script(model.name, 'monitor', decayed);
    loop().holds.loseReply(model.name, activity);
    expect((await monitor(model)).done).toHaveLength(1);
    expect(keysOf(model.name)).toHaveLength(2);
    expect(await wishes(model)).toEqual(['decay']);
    expect(noticesOf(model.name)).toEqual([`${model.name}: decay`]);
    expect(loop().jobCluster.started(model.name, 0)).toEqual(['monitor#1']);
    expect((await model.state()).seenKeys.filter(({ key }) => key.startsWith('decay/'))).toHaveLength(1);
  },
);

test('the same window asked again is found, not measured again, and asks for nothing twice', async () => {
  const model = await served();
  loop().jobCluster.script(model.name, 'monitor', decayed);
  const started = await monitor(model);
  const { end } = started.window!;
  const environment = new MockActivityEnvironment();
  const { planMonitoring, judgeWindow } = loop().activities;
  const at = new Date(Date.parse(end) + 5 * 60_000).toISOString();
  const planned = ((await environment.run(planMonitoring, { model: model.name, at, windowHours: null })) as PlannedWindow | null)!;
  expect(planned).toMatchObject({ window: started.window, isJudged: true });
  const again = { model: model.name, planDigest: planned.planDigest, documentDigest: null, scheduled: true };
  expect(await environment.run(judgeWindow, again)).toMatchObject({ documentDigest: started.documentDigest, findings: started.findings });
  expect(keysOf(model.name)).toHaveLength(2);
});

test('a spec with other features, applied since, changes nothing of what the champion is looked at by', async () => {
  const features = [
    { name: 'distance', type: 'number' },
    { name: 'gate', type: 'category' },
  ] as const;
  const model = await served();
  await model.apply({ features, gates: { whenNoChampion: 'pass' } });
  await monitor(model);
  const [key] = keysOf(model.name).filter((name) => name.endsWith('.json'));
  const { planDigest } = MonitoredWindow.parse(JSON.parse(Buffer.from(loop().store.files.get(key!)!).toString('utf8')));
  const { input } = await getDocument(loop().store, MonitoringPlan, 'monitoring plan', planDigest);
  expect(input.data.features.map(({ name }) => name)).toEqual(['distance']);
  expect(input.latestDatasetDigest).toBe(input.datasetDigest);
});

test('the schedule of a model is made, kept and taken away, and a run that overlaps is skipped', async () => {
  const model = await served();
  const spec = (monitoring?: object) => modelSpec(model.name, monitoring === undefined ? {} : { monitoring: { ...monitoring } });
  const { client, jobCluster } = loop();
  const daily = spec({ schedule: { kind: 'cron', cron: '0 7 * * *', timeZone: 'America/New_York' } });
  expect(await applyMonitorSchedule(client, daily)).toBe('created');
  expect(await applyMonitorSchedule(client, daily)).toBe('unchanged');
  expect(await applyMonitorSchedule(client, spec({ schedule: { kind: 'interval', everyMinutes: 60 } }))).toBe('updated');
  jobCluster.script(model.name, 'monitor', { kind: 'hang' });
  const handle = client.schedule.getHandle(monitorScheduleId(model.name));
  await handle.trigger(ScheduleOverlapPolicy.SKIP);
  await eventually(
    async () => jobCluster.started(model.name, 0),
    (jobs) => jobs.length === 1,
  );
  await handle.trigger(ScheduleOverlapPolicy.SKIP);
  await eventually(
    async () => (await handle.describe()).info,
    ({ numActionsSkippedOverlap }) => numActionsSkippedOverlap === 1,
  );
  expect(jobCluster.started(model.name, 0)).toEqual(['monitor#1']);
  const [running] = (await handle.describe()).info.runningActions;
  expect(await applyMonitorSchedule(client, spec())).toBe('deleted');
  await client.workflow.getHandle(running!.workflow.workflowId).cancel();
  await eventually(
    async () => jobCluster.stopped,
    (stopped) => stopped.some((name) => name.startsWith(`${model.name}-monitor-`)),
  );
});
