import { expect, test } from 'vitest';
import { SERVED } from '../fakes/model-file.js';
import { useLoop } from './loop.js';
import { challengerOf } from './traffic-in-test.js';

const loop = useLoop('dev');
const withAlarm = (name: string) => ({
  serving: { cluster: { kind: 'sagemaker', image: 'server:1', machineType: 'ml.m5.large', alarms: [name] } },
});

test.for(['step', 'bake'] as const)('an alarm of people’s own turns back within a %s, and the record names it', async (when) => {
  const name = `slow-${when}`;
  const { alarmsOf } = loop().traffic;
  alarmsOf.set(name, { state: 'OK', reason: '' });
  const { model, cycle, bake, untilStep, untilPhase, split } = await challengerOf(loop(), withAlarm(name));
  await (when === 'step' ? untilStep(0) : untilPhase('Baking', 'bake'));
  alarmsOf.set(name, { state: 'ALARM', reason: 'Threshold Crossed: 3 datapoints' });
  const words = `alarm ${name} is in ALARM: Threshold Crossed: 3 datapoints`;
  if (when === 'step') expect(await cycle.result()).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining(words) });
  else expect(await bake.result()).toMatchObject({ phase: 'TurnedBack', reason: expect.stringContaining(words) });
  expect(split()).toBe('old 100');
  expect((await model.records()).some(({ body }) => 'reason' in body && body.reason.includes(words))).toBe(true);
});

test('an alarm that does not exist promotes nobody', async () => {
  const { cycle, split } = await challengerOf(loop(), {
    ...withAlarm('never-made'),
    rollout: { ...SERVED.rollout, errorSecondsMax: 15 },
  });
  expect(await cycle.result()).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('expected an alarm never-made') });
  expect(split()).toBe('old 100');
});
