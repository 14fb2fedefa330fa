import { expect, test } from 'vitest';
import { replayAnalyses } from '../../src/client/audit/replay-analyses.js';
import type { RollBackOptions } from '../../src/client/roll-back.js';
import { rollBack } from '../../src/client/roll-back.js';
import { openTraffic } from '../../src/client/traffic-handle.js';
import { RatchetError } from '../../src/domain/failure.js';
import { SERVED } from '../fakes/model-file.js';
import { useLoop } from './loop.js';
import { eventually } from './model-in-test.js';
import { challengerOf } from './traffic-in-test.js';

const loop = useLoop('dev');
/** Never passes by itself: labels are not there. */
const undecided = { rollout: { ...SERVED.rollout, metrics: [{ kind: 'quality', margin: 0.1 }] } };
const quickBake = { rollout: { ...SERVED.rollout, bake: { ...SERVED.rollout.bake, seconds: 1 } } };
const ana = { requestedBy: 'ana', reason: 'because' };

/** A rollout and the handle on it, as the command line uses them. */
async function underWay(change: object) {
  const story = await challengerOf(loop(), change);
  const { client, store } = loop();
  const name = story.model.name;
  const traffic = openTraffic(client, store, name, { betweenSeconds: 10 });
  const progress: string[] = [];
  const options: RollBackOptions = { signal: new AbortController().signal, onProgress: (line) => void progress.push(line) };
  const back = (to: string | null = null) => rollBack(client, store, traffic, { model: name, to, ...ana }, options);
  const versions = async () =>
    (await story.model.records()).flatMap(({ body }) => (body.kind === 'promoted' ? [body.version.version] : []));
  return { ...story, name, traffic, progress, back, versions };
}

test('the handle finds the rollout, and its refusals are the workflow’s own', async () => {
  const { traffic, untilStep, number } = await underWay(undecided);
  await untilStep(0);
  expect(await traffic.state()).toMatchObject({ kind: 'rollout', cycle: number, state: { phase: 'Progressing' } });
  expect(await traffic.command({ command: 'pause', ...ana })).toMatchObject({ kind: 'rollout', cycle: number, phase: 'Progressing' });
  await expect(traffic.command({ command: 'pause', ...ana })).rejects.toMatchObject({
    type: 'RequestRefused',
    message: expect.stringContaining('already paused'),
  });
  expect(await traffic.command({ command: 'abort', ...ana })).toMatchObject({ phase: 'TurningBack', reason: 'because' });
});

test('where the store is away, the lifecycle knows where to look', async () => {
  const { untilStep, number, model, name } = await underWay(undecided);
  await untilStep(0);
  await model.apply();
  const away = { ...loop().store, list: () => Promise.reject(new RatchetError('StoreUnavailable', 'it is away')) };
  const traffic = openTraffic(loop().client, away, name);
  await eventually(model.state, ({ openCycle }) => openCycle === number);
  expect(await traffic.command({ command: 'abort', ...ana })).toMatchObject({ kind: 'rollout', cycle: number });
});

test('a rollback within a rollout turns back the challenger and tells when the traffic was back', async () => {
  const { back, untilStep, command, model, progress, versions, number, split } = await underWay(undecided);
  await untilStep(0);
  await command('skip');
  const { version } = await untilStep(1);
  const outcome = await back();
  const record = await eventually(
    async () => (await model.records()).find(({ body }) => body.kind === 'withdrawn')?.body,
    (body) => body !== undefined,
  );
  const [old] = await versions();
  expect(outcome).toMatchObject({ by: 'rollout', from: version, to: old });
  expect(record).toMatchObject({ trafficBackAt: outcome.trafficBackAt, requestedBy: 'ana' });
  expect(progress).toEqual([`the rollout of cycle ${number} turns back`]);
  expect(split()).toBe('old 100');
});

test('a command that comes between the rollout and its bake reaches one of them', async () => {
  const { back, untilStep, command, split, versions } = await underWay(undecided);
  await untilStep(0);
  await command('promote');
  expect(await back()).toMatchObject({ to: (await versions())[0] });
  expect(split()).toBe('old 100');
});

test('a bake is found, turned back, and then nothing is open any more', async () => {
  const { back, cycle, traffic, versions, number, name } = await underWay({});
  await cycle.result();
  expect(await eventually(traffic.state, (view) => view?.kind === 'bake')).toMatchObject({ cycle: number, state: { phase: 'Baking' } });
  const [old, young] = await versions();
  expect(await back(old!.split('+')[0])).toMatchObject({ by: 'bake', from: young, to: old, trafficBackAt: expect.any(String) });
  expect(await eventually(traffic.state, (view) => view === null)).toBeNull();
  await expect(traffic.command({ command: 'pause', ...ana })).rejects.toMatchObject({
    type: 'RequestRefused',
    message: `nothing of ${name} is being rolled out, and no champion of it bakes`,
  });
});

test('after the bake a rollback of its own goes back, from the artifacts, and what was seen can be computed again', async () => {
  const { back, cycle, bake, versions, number, name, split, progress } = await underWay(quickBake);
  await cycle.result();
  await bake.result();
  const [old, young] = await versions();
  expect(await back()).toMatchObject({ by: 'rollback', from: young, to: old, trafficBackAt: expect.any(String) });
  expect(progress).toEqual([`turning ${name} back from ${young} to ${old}`]);
  expect(split()).toBe('old 100');
  await expect(back()).rejects.toMatchObject({ message: expect.stringContaining('there is no version before') });
  await expect(back('m-99')).rejects.toMatchObject({ message: expect.stringContaining('found "m-99"') });
  const { difference, decisions, watches } = await replayAnalyses(loop().store, name, number);
  expect({ difference, kinds: decisions.map(({ kind }) => kind) }).toEqual({ difference: null, kinds: ['baked'] });
  expect(watches).toBeGreaterThan(2);
});

test('one rollback at a time: the same is joined, another is refused', async () => {
  const { back, cycle, bake, versions, name, model } = await underWay(quickBake);
  await cycle.result();
  await bake.result();
  const third = await model.open({ gates: { whenNoChampion: 'pass' }, serving: SERVED.serving }, {}, { trainerCode: 'v3' });
  await (await model.startCycle(third)).result();
  const [oldest, middle, young] = await versions();
  const held = loop().holds.hold(name, 'planRollback');
  const first = back(middle);
  await held.reached;
  const joined = back(middle);
  await expect(back(oldest)).rejects.toMatchObject({
    type: 'RequestRefused',
    message: `${name} is being turned back to ${middle} (asked by ana), not to ${oldest}`,
  });
  held.release();
  expect(await first).toMatchObject({ from: young, to: middle });
  expect(await joined).toMatchObject({ from: young, to: middle });
});
