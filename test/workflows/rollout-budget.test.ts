import { expect, test } from 'vitest';
import { SERVED } from '../fakes/model-file.js';
import { historyBytes } from './histories.js';
import { useLoop } from './loop.js';
import { challengerOf } from './traffic-in-test.js';

// A skip cancels a watch: the time-skipping server cannot take it.
const loop = useLoop('dev');

test('a rollout of twenty steps, each of them skipped, stays within 400 events and 200 KiB', async () => {
  const steps = Array.from({ length: 19 }, (_, n) => ({ kind: 'canary', weightPercent: 1 + n, bakeSeconds: 1, bakeSecondsMax: 600 }));
  const metrics = [
    { kind: 'errors', detect: 16 },
    { kind: 'latency', margin: 1, detect: 16 },
    { kind: 'mean', margin: 0.1, detect: 0.5 },
    { kind: 'distribution', psiMax: 5 },
  ];
  const { cycle, rollout, command, untilStep } = await challengerOf(loop(), {
    rollout: { ...SERVED.rollout, steps: [...steps, { kind: 'full', bakeSeconds: 1, bakeSecondsMax: 600 }], metrics },
  });
  for (let step = 0; step < 20; step++) {
    await untilStep(step);
    await command('skip');
  }
  expect(await cycle.result()).toMatchObject({ outcome: 'promoted' });
  for (const handle of [rollout, cycle]) {
    const history = await handle.fetchHistory();
    expect(history.events!.length).toBeLessThanOrEqual(400);
    expect(historyBytes(history)).toBeLessThanOrEqual(200 * 1024);
  }
});
