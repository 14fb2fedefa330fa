import { expect, test } from 'vitest';
import { SERVED } from '../fakes/model-file.js';
import { useLoop } from './loop.js';
import { eventually } from './model-in-test.js';
import { challengerOf } from './traffic-in-test.js';

// A rollback cancels a watch: the time-skipping server cannot take it.
const loop = useLoop('dev');

test('harm that shows while the store keeps the promotion waiting gives the traffic back; once it stands, it is turned back', async () => {
  const { cycle, bake, challenger, split, model } = await challengerOf(loop());
  const held = loop().holds.hold(model.name, 'promoteCandidate');
  await held.reached;
  expect(split()).toContain('new 90');
  loop().store.outage = 'hangs';
  held.release();
  loop().traffic.behave(challenger, { errorShare: 0.9 });
  await eventually(
    async () => split(),
    (words) => words === 'old 100',
  );
  loop().store.outage = null;
  expect(await cycle.result()).toMatchObject({ outcome: 'promoted' });
  expect(await bake.result()).toMatchObject({
    phase: 'TurnedBack',
    requestedBy: 'ratchet',
    reason: expect.stringContaining('more errors'),
  });
  expect(split()).toBe('old 100');
});

test('a harmless challenger is watched on while the store keeps the promotion waiting, and promoted when it is back', async () => {
  const { cycle, bake, model, view } = await challengerOf(loop(), {
    rollout: { ...SERVED.rollout, bake: { ...SERVED.rollout.bake, seconds: 2 } },
  });
  const held = loop().holds.hold(model.name, 'promoteCandidate');
  await held.reached;
  const watched = loop().holds.hold(model.name, 'watchArms');
  loop().store.outage = 'hangs';
  held.release();
  await watched.reached;
  watched.release();
  expect((await view()).state).toMatchObject({ phase: 'Promoting', turnsBackNext: false });
  loop().store.outage = null;
  expect(await cycle.result()).toMatchObject({ outcome: 'promoted' });
  expect(await bake.result()).toMatchObject({ phase: 'Baked' });
});

test('a bake that is told to turn back while the store is away moves the traffic first', async () => {
  const { cycle, bake, command, untilStep, split, model } = await challengerOf(loop());
  await untilStep(0);
  const held = loop().holds.hold(model.name, 'openRollout');
  await held.reached; // the bake's: the rollout has read its own
  loop().store.outage = 'hangs';
  held.release();
  await command('rollback', 'bake');
  await eventually(
    async () => split(),
    (words) => words === 'old 100',
  );
  loop().store.outage = null;
  expect(await bake.result()).toMatchObject({ phase: 'TurnedBack', requestedBy: 'ana' });
  expect(await cycle.result()).toMatchObject({ outcome: 'promoted' });
  expect((await model.records()).map(({ body }) => body.kind)).toContain('rolled-back');
  expect(split()).toBe('old 100');
});

test('a bake divides the requests anew where somebody else has divided them', async () => {
  const { cycle, bake, command, split, model, champion } = await challengerOf(loop(), {
    rollout: { ...SERVED.rollout, errorSecondsMax: 15 },
  });
  expect(await cycle.result()).toMatchObject({ outcome: 'promoted' });
  await eventually(
    async () => split(),
    (words) => words.includes('new 90'),
  );
  const { asked } = (await loop().traffic.router.read(model.name))!;
  const everything = [{ arm: 'champion', instance: champion, weightPercent: 100 } as const];
  await loop().traffic.router.shift({ ...asked, shift: asked.shift + 5, splits: everything }, new AbortController().signal);
  await eventually(
    async () => split(),
    (words) => words.includes('new 90'),
  );
  await command('rollback', 'bake');
  expect(await bake.result()).toMatchObject({ phase: 'TurnedBack' });
});
