import { expect, test } from 'vitest';
import { spentBefore } from '../../../src/domain/decide/spent-before.js';
import type { LedgerState } from '../../../src/domain/ledger.js';
import { createChampionStory } from '../../ledger/champion-story.js';
import { AT, cycleEnded, version } from '../../ledger/sample-bodies.js';

/** A ledger in which versions are promoted, looked at in vain, and come back. */
function tellStory() {
  const { append, promote, start, records } = createChampionStory();
  let told = 0;
  return { promote, look, back };

  async function look(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      const cycle = await start(`look-${++told}`);
      await append(`${cycle}`, cycleEnded(cycle, { outcome: 'rejected', stage: 'judge' }));
    }
  }

  /** As the loop writes it. @returns the state afterwards */
  async function back(to: number): Promise<LedgerState> {
    const comparisons = spentBefore(await records(), version(to));
    const spent = comparisons === 0 ? {} : { comparisons };
    await append(`r-${++told}`, { kind: 'rolled-back', to: version(to), ...spent, requestedBy: 'ana', reason: '', trafficBackAt: AT });
    return (await records()).at(-1)!.after;
  }
}

test('a promotion that is turned back gives back nothing of what was spent before it', async () => {
  const { promote, look, back } = tellStory();
  const first = await promote('a');
  await look(2);
  await promote('b'); // the third look
  await look(1);
  expect(await back(first)).toMatchObject({ champion: version(first), comparisons: 4 });
});

test('going to and fro adds nothing that was not spent', async () => {
  const { promote, look, back } = tellStory();
  const first = await promote('a');
  await look(2);
  const second = await promote('b');
  for (const to of [first, second, first, second]) expect(await back(to)).toMatchObject({ champion: version(to), comparisons: 3 });
});

test('what was spent after it came back once counts, too, when a later promotion has forgotten it', async () => {
  const { promote, look, back } = tellStory();
  const oldest = await promote('z');
  const first = await promote('a'); // one look against the oldest
  await look(2);
  await promote('b');
  expect(await back(first)).toMatchObject({ comparisons: 3 });
  await look(4);
  expect(await back(oldest)).toMatchObject({ comparisons: 8 });
  await promote('c');
  expect(await back(first)).toMatchObject({ comparisons: 7 });
});
