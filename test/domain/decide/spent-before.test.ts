import { expect, test } from 'vitest';
import { spentBefore } from '../../../src/domain/decide/spent-before.js';
import { createChampionStory } from '../../ledger/champion-story.js';
import { AT, cycleEnded, version } from '../../ledger/sample-bodies.js';

test('it is what was spent against a version until it was replaced, the look that replaced it among it', async () => {
  const { append, promote, start, records } = createChampionStory();
  const first = await promote('a');
  for (const trigger of ['b', 'c']) {
    const cycle = await start(trigger);
    await append(`${cycle}`, cycleEnded(cycle, { outcome: 'rejected', stage: 'judge' }));
  }
  const second = await promote('d');
  const third = await promote('e');
  const all = await records();
  expect(spentBefore(all, version(first))).toBe(3);
  expect(spentBefore(all, version(second))).toBe(1);
  expect(spentBefore(all, version(third))).toBe(0);
  const comparisons = spentBefore(all, version(second));
  await append('r', { kind: 'rolled-back', to: version(second), comparisons, requestedBy: 'ana', reason: '', trafficBackAt: AT });
  expect((await records()).at(-1)!.after).toMatchObject({ champion: version(second), comparisons: 1 });
});
