import { expect, test } from 'vitest';
import { anchorBefore } from '../../../src/domain/decide/anchor-before.js';
import type { LedgerState } from '../../../src/domain/ledger.js';
import { createChampionStory } from '../../ledger/champion-story.js';
import { AT, cycleEnded, promoted, version } from '../../ledger/sample-bodies.js';

function tellStory() {
  const { append, start, records } = createChampionStory();
  let told = 0;
  return { promote, back };

  async function promote(trigger: string, becomesAnchor: boolean): Promise<number> {
    const cycle = await start(trigger);
    await append(`${cycle}`, promoted(cycle, { becomesAnchor }));
    await append(`${cycle}`, cycleEnded(cycle));
    return cycle;
  }

  /** As the loop writes it. @returns the state afterwards */
  async function back(to: number): Promise<LedgerState> {
    const anchor = anchorBefore(await records(), version(to));
    const kept = anchor === undefined ? {} : { anchor };
    await append(`r-${++told}`, { kind: 'rolled-back', to: version(to), ...kept, requestedBy: 'ana', reason: '', trafficBackAt: AT });
    return (await records()).at(-1)!.after;
  }
}

test('what was only not worse does not become the anchor because a better one is turned away', async () => {
  const { promote, back } = tellStory();
  const proven = await promote('a', true);
  const notWorse = await promote('b', false);
  await promote('c', true);
  expect(await back(notWorse)).toMatchObject({ champion: version(notWorse), anchor: version(proven) });
});

test('an anchor that is not turned away from stays', async () => {
  const { promote, back } = tellStory();
  const first = await promote('a', true);
  const better = await promote('b', true);
  await promote('c', false);
  expect(await back(first)).toMatchObject({ champion: version(first), anchor: version(better) });
});

test('where there was no anchor, or it is what is turned away from, there is none', async () => {
  const { promote, back } = tellStory();
  const first = await promote('a', true);
  const second = await promote('b', false);
  await back(first);
  expect(await back(second)).toMatchObject({ champion: version(second), anchor: null });
  await promote('c', true);
  expect(await back(second)).toMatchObject({ champion: version(second), anchor: null });
});
