import { expect, test } from 'vitest';
import { createServingActivities } from '../../src/activities/serving-activities.js';
import { RatchetError } from '../../src/domain/failure.js';
import { abortUpdate } from '../../src/workflows/messages.js';
import { SERVED } from '../fakes/model-file.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';
import { challengerOf } from './traffic-in-test.js';

// The time-skipping server fails a workflow task that cancels an activity which has just ended.
const loop = useLoop('dev');
const quickBake = { rollout: { ...SERVED.rollout, bake: { ...SERVED.rollout.bake, seconds: 2 } } };
/** Labels never come: its steps go on until somebody says otherwise. */
const undecided = { ...SERVED.rollout, metrics: [{ kind: 'quality', margin: 0.1 }] };
const refusal = (words: string) => ({ cause: { message: expect.stringContaining(words) } });

test('the first version is promoted, and gets all requests afterwards', async () => {
  const model = modelInTest(loop());
  const number = await model.open({ gates: { whenNoChampion: 'pass' }, serving: {} });
  expect(await (await model.startCycle(number)).result()).toMatchObject({ outcome: 'promoted' });
  expect(loop().traffic.splitOf(model.name)).toBe(`${model.name}-${number} 100`);
  expect(await model.kinds()).toEqual(['ledger-opened', 'cycle-started', 'judged', 'promoted', 'cycle-ended']);
});

test('a harmless challenger gets traffic step by step, is promoted, bakes, and gets all of it', async () => {
  const { model, cycle, challenger, bake, number } = await challengerOf(loop(), quickBake);
  expect(await cycle.result()).toMatchObject({ outcome: 'promoted' });
  expect(await bake.result()).toMatchObject({ phase: 'Baked' });
  const words = loop().traffic.shifts.filter(({ model: name }) => name === model.name);
  expect(words.map(({ shift }) => shift)).toEqual(words.map((_, index) => index + 1));
  expect(
    words.map(
      ({ splits, mirror }) => `${splits.find(({ instance }) => instance === challenger)?.weightPercent ?? 0}${mirror ? ' copies' : ''}`,
    ),
  ).toEqual(['0', '0 copies', '25', '90', '90', '100']);
  expect((await model.kinds()).slice(4)).toEqual([
    'cycle-ended',
    'cycle-started',
    'judged',
    'exposed',
    'exposed',
    'exposed',
    'promoted',
    'cycle-ended',
    'baked',
  ]);
  expect([...loop().traffic.instances.keys()].filter((name) => name.startsWith(`${model.name}-`))).toEqual([`${model.name}-${number}`]);
});

test('a challenger that does harm is turned back, and the record says what was seen and when', async () => {
  const { model, cycle, challenger, split } = await challengerOf(loop());
  loop().traffic.behave(challenger, { errorShare: 0.9 });
  expect(await cycle.result()).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('more errors') });
  expect(split()).toBe('old 100');
  const withdrawn = (await model.records()).at(-2)!.body;
  expect(withdrawn).toMatchObject({ kind: 'withdrawn', requestedBy: 'ratchet', analysisDigest: expect.stringContaining('sha256:') });
  expect(Object.keys(withdrawn)).toEqual(expect.arrayContaining(['seenAt', 'decidedAt', 'trafficBackAt']));
});

test('servers that die again and again turn a challenger back', async () => {
  const { cycle, challenger, untilStep, split } = await challengerOf(loop(), { rollout: undecided });
  await untilStep(0);
  loop().traffic.behave(challenger, { dies: true });
  expect(await cycle.result()).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('died and were started again') });
  expect(split()).toBe('old 100');
});

test.for<[name: string, failure: string, words: string]>([
  ['never gets ready', 'prepare', 'not ready'],
  ['refuses the evaluation’s rows', 'ask', 'refused'],
])('a challenger that %s gets no traffic', async ([, call, words]) => {
  const model = modelInTest(loop());
  const first = await model.open({ gates: { whenNoChampion: 'pass' }, serving: {} });
  await (await model.startCycle(first)).result();
  const number = await model.open({ gates: { whenNoChampion: 'pass' }, ...SERVED }, {}, { trainerCode: 'v2' });
  loop().traffic.failures.set(
    `${call} ${model.name}-${number}`,
    new RatchetError(call === 'ask' ? 'InstanceRefused' : 'InstanceNotReady', words),
  );
  await expect((await model.startCycle(number)).result()).rejects.toMatchObject({ cause: { message: words } });
  expect(loop().traffic.splitOf(model.name)).toBe(`${model.name}-${first} 100`);
  expect(await model.kinds()).not.toContain('exposed');
});

test('a router that refuses the route leaves the old one in force', async () => {
  const held = loop().holds;
  const { model, cycle, champion } = await challengerOf(loop(), { serving: { timeoutMs: 1234 } });
  void held;
  const { shift } = loop().traffic.router;
  loop().traffic.router.shift = async (route, signal) => {
    if (route.model === model.name && route.splits.length > 1) throw new RatchetError('RouterRefused', 'no such cluster');
    return shift(route, signal);
  };
  await expect(cycle.result()).rejects.toMatchObject({ cause: { message: 'no such cluster' } });
  loop().traffic.router.shift = shift;
  expect(loop().traffic.splitOf(model.name)).toBe(`${champion} 100`);
});

test.for(['abort', 'rollback'] as const)('%s turns back within a step, at once', async (name) => {
  const { cycle, command, untilStep, split, model } = await challengerOf(loop(), { rollout: undecided });
  await untilStep(0);
  await command('skip');
  await untilStep(1);
  expect(split()).toContain('new 25');
  await command(name);
  expect(await cycle.result()).toMatchObject({ outcome: 'rejected', reason: 'because' });
  expect(split()).toBe('old 100');
  expect((await model.records()).at(-2)!.body).toMatchObject({ kind: 'withdrawn', requestedBy: 'ana' });
  await expect(command('pause')).rejects.toThrow();
});

test('a pause that comes while its servers are proven holds the first step, too', async () => {
  const { command, cycle, view, split, model } = await challengerOf(loop());
  const held = loop().holds.hold(model.name, 'prepareInstance');
  await held.reached;
  await command('pause');
  held.release();
  await eventually(view, ({ note }) => note === 'its servers are proven; paused');
  expect(split()).toBe('old 100');
  await command('resume');
  expect(await cycle.result()).toMatchObject({ outcome: 'promoted' });
});

test('a champion that answers under older settings of its servers is left as it is', async () => {
  const { cycle } = await challengerOf(loop(), { serving: { rowsMax: 50, stickyBy: 'x-user' } });
  expect(await cycle.result()).toMatchObject({ outcome: 'promoted' });
});

test('a rollout does not rely on a champion whose servers somebody has edited', async () => {
  const model = modelInTest(loop());
  const first = await model.open({ gates: { whenNoChampion: 'pass' }, serving: {} });
  await (await model.startCycle(first)).result();
  loop().traffic.behave(`${model.name}-${first}`, { edits: ['kubectl-set: spec.template.spec.containers[server].env[DEBUG]'] });
  const number = await model.open({ gates: { whenNoChampion: 'pass' }, ...SERVED }, {}, { trainerCode: 'v2' });
  await expect((await model.startCycle(number)).result()).rejects.toMatchObject(refusal('found edits by hand: kubectl-set: spec.template'));
  expect(loop().traffic.splitOf(model.name)).toBe(`${model.name}-${first} 100`);
  expect((await model.records()).at(-1)!.body).toMatchObject({ kind: 'cycle-ended', failure: { type: 'InstanceConflict' } });
});

test('servers that the ledger or the router needs are not ended, whoever asks', async () => {
  const { model, cycle, champion, challenger } = await challengerOf(loop());
  await cycle.result(); // it bakes: the champion before may be turned back to
  const serving = createServingActivities({ ...loop(), ...loop().traffic });
  await serving.retireOthers({ model: model.name, keep: [] });
  const names = [...loop().traffic.instances.keys()];
  expect(names).toEqual(expect.arrayContaining([champion, challenger]));
});

test('a pause holds a step that has passed; the resume goes on', async () => {
  const { command, untilStep, untilPhase, view, cycle } = await challengerOf(loop());
  await untilStep(0);
  await command('pause');
  await expect(command('pause')).rejects.toMatchObject(refusal('already paused'));
  await eventually(view, ({ state }) => state.isStepDone);
  expect((await view()).state).toMatchObject({ phase: 'Progressing', stepIndex: 0, paused: true });
  await command('resume');
  await untilPhase('Promoted');
  expect(await cycle.result()).toMatchObject({ outcome: 'promoted' });
});

test('harm turns back while it is paused, too', async () => {
  const { command, untilStep, cycle, challenger, view, split } = await challengerOf(loop());
  await untilStep(0);
  await command('pause');
  await eventually(view, ({ state }) => state.isStepDone);
  loop().traffic.behave(challenger, { errorShare: 0.9 });
  expect(await cycle.result()).toMatchObject({ outcome: 'rejected' });
  expect(split()).toBe('old 100');
});

test('promote --full skips the steps, not the record', async () => {
  const { command, untilStep, cycle, model } = await challengerOf(loop(), { rollout: undecided });
  await untilStep(0);
  await command('promote');
  expect(await cycle.result()).toMatchObject({ outcome: 'promoted' });
  expect(await model.kinds()).toContain('promoted');
});

test('a rollback that comes while the promotion is written happens as soon as it is', async () => {
  const { command, untilStep, cycle, model, bake, split } = await challengerOf(loop(), { rollout: undecided });
  await untilStep(0);
  const held = loop().holds.hold(model.name, 'promoteCandidate');
  await command('promote');
  await held.reached;
  await expect(command('skip')).rejects.toMatchObject(refusal('under way'));
  await command('rollback');
  held.release();
  expect(await cycle.result()).toMatchObject({ outcome: 'promoted' });
  expect(await bake.result()).toMatchObject({ phase: 'TurnedBack', requestedBy: 'ana' });
  expect(split()).toBe('old 100');
  const bodies = (await model.records()).map(({ body }) => body);
  expect(bodies).toContainEqual(expect.objectContaining({ kind: 'rolled-back', requestedBy: 'ana' })); // before or after the cycle's end
});

test('harm within the bake turns back by itself', async () => {
  const { cycle, bake, challenger, split, model, first } = await challengerOf(loop());
  expect(await cycle.result()).toMatchObject({ outcome: 'promoted' });
  loop().traffic.behave(challenger, { errorShare: 0.9 });
  expect(await bake.result()).toMatchObject({ phase: 'TurnedBack', requestedBy: 'ratchet' });
  expect(split()).toBe('old 100');
  expect((await model.records()).at(-1)!.body).toMatchObject({
    kind: 'rolled-back',
    to: { cycle: first },
    analysisDigest: expect.any(String),
  });
});

test('traffic that cannot be measured turns back', async () => {
  const { cycle, model, untilStep, split } = await challengerOf(loop(), { rollout: { ...SERVED.rollout, errorSecondsMax: 15 } });
  await untilStep(0);
  loop().traffic.editByHand(model.name, { splits: [], mirror: null });
  expect(await cycle.result()).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('not divided') });
  expect(split()).toBe('old 100');
});

test('a store that is away delays the record, not the turning back', async () => {
  const { cycle, command, untilStep, split, model } = await challengerOf(loop(), { rollout: undecided });
  await untilStep(0);
  await command('skip');
  await untilStep(1);
  const held = loop().holds.hold(model.name, 'withdrawVersion');
  await command('rollback');
  await held.reached;
  expect(split()).toBe('old 100');
  held.release();
  expect(await cycle.result()).toMatchObject({ outcome: 'rejected' });
});

test.for(['hangs', 'is full'] as const)('while the store %s, harm turns back all the same; the record follows', async (outage) => {
  const { cycle, untilStep, split, challenger, model } = await challengerOf(loop(), {
    rollout: { ...SERVED.rollout, errorSecondsMax: 15 },
  });
  await untilStep(0);
  loop().store.outage = outage;
  loop().traffic.behave(challenger, { errorShare: 0.9 });
  await eventually(
    async () => split(),
    (words) => words === 'old 100',
  );
  loop().store.outage = null;
  expect(await cycle.result()).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('more errors') });
  expect((await model.kinds()).slice(-2)).toEqual(['withdrawn', 'cycle-ended']);
});

test('trainings that take every slot of their queue do not delay a turning back', async () => {
  const { cycle, command, untilStep, split } = await challengerOf(loop(), {
    rollout: { ...undecided, steps: SERVED.rollout.steps.map((step) => ({ ...step, bakeSecondsMax: 600 })) },
  });
  await untilStep(0);
  const others = Array.from({ length: 120 }, () => modelInTest(loop())); // a worker watches a hundred at once here
  const trainings = await Promise.all(
    others.map(async (other) => {
      loop().jobCluster.script(other.name, 'snapshot', { kind: 'hang' });
      return other.startCycle(await other.open());
    }),
  );
  await eventually(
    async () => (await loop().jobCluster.listRunning()).length,
    (running) => running >= 110,
    240,
  );
  await command('rollback');
  expect(await cycle.result()).toMatchObject({ outcome: 'rejected' });
  expect(split()).toBe('old 100');
  await Promise.all(trainings.map((training) => training.terminate()));
});

test.for(['cancel', 'abort'] as const)('a cycle that ends by %s gives the traffic back first', async (how) => {
  const { cycle, command, untilStep, split, model } = await challengerOf(loop(), { rollout: undecided });
  await untilStep(0);
  await command('skip');
  await untilStep(1);
  if (how === 'cancel') await cycle.cancel();
  else await cycle.executeUpdate(abortUpdate, { args: [{ requestedBy: 'ana', reason: 'no' }] });
  expect(await cycle.result()).toMatchObject({ outcome: 'aborted' });
  expect(split()).toBe('old 100');
  expect((await model.kinds()).slice(-2)).toEqual(['withdrawn', 'cycle-ended']);
});

test('a rollout that was terminated is settled: traffic back, then the end', async () => {
  const { cycle, command, untilStep, split, rollout, model } = await challengerOf(loop(), { rollout: undecided });
  await untilStep(0);
  await command('skip');
  await untilStep(1);
  await rollout.terminate('by hand');
  await expect(cycle.result()).rejects.toThrow();
  expect(split()).toBe('old 100');
  expect((await model.kinds()).slice(-2)).toEqual(['withdrawn', 'cycle-ended']);
});
