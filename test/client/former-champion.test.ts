import { expect, test } from 'vitest';
import { summarizeCycles } from '../../src/client/cycle-summary.js';
import { chooseFormerChampion } from '../../src/client/former-champion.js';
import { createChampionStory } from '../ledger/champion-story.js';
import { AT, version } from '../ledger/sample-bodies.js';

test('without a name it is the version before the champion', async () => {
  const { promote, records } = createChampionStory();
  const first = await promote('a');
  await promote('b');
  expect(chooseFormerChampion('flights', await records(), null)).toBe(version(first).version);
});

test('a version goes by its whole name and by the part before the plus', async () => {
  const { promote, records } = createChampionStory();
  const first = await promote('a');
  await promote('b');
  await promote('c');
  const { version: name } = version(first);
  expect(chooseFormerChampion('flights', await records(), name)).toBe(name);
  expect(chooseFormerChampion('flights', await records(), `flights-${first}`)).toBe(name);
});

test('what never was champion is refused with the versions that were', async () => {
  const { promote, records } = createChampionStory();
  const first = await promote('a');
  const second = await promote('b');
  const refused = await records();
  expect(() => chooseFormerChampion('flights', refused, 'flights-99')).toThrow(
    expect.objectContaining({
      message: '--to: expected a version of flights that was champion, found "flights-99"',
      remedy: `name one that was champion with --to: ${version(first).version}`,
    }),
  );
  expect(() => chooseFormerChampion('flights', refused, `flights-${second}`)).toThrow(/is the champion of flights already/);
});

test('after a rollback it is the one promoted before, never what was turned away', async () => {
  const { append, promote, records } = createChampionStory();
  const first = await promote('a');
  const second = await promote('b');
  const third = await promote('c', true);
  const back = { kind: 'rolled-back', requestedBy: 'ana', reason: 'slow', trafficBackAt: AT } as const;
  await append('r1', { ...back, to: version(second) });
  expect(chooseFormerChampion('flights', await records(), null)).toBe(version(first).version);
  await append('r2', { ...back, to: version(first) });
  const all = await records();
  expect(() => chooseFormerChampion('flights', all, null)).toThrow(/there is no version before flights-/);
  expect(chooseFormerChampion('flights', all, `flights-${third}`)).toBe(version(third).version);
  expect(summarizeCycles(all).map(({ cycle, traffic, reason }) => [cycle, traffic, reason])).toEqual([
    [first, null, ''],
    [second, 'turnedBack', 'slow'],
    [third, 'turnedBack', 'slow'],
  ]);
});

test('a version that was turned away long ago is passed over, also by a second rollback', async () => {
  const { append, promote, records } = createChampionStory();
  const first = await promote('a');
  await promote('b'); // turned away
  const back = { kind: 'rolled-back', requestedBy: 'ana', reason: 'slow', trafficBackAt: AT } as const;
  await append('r1', { ...back, to: version(first) });
  const third = await promote('c');
  await promote('d');
  expect(chooseFormerChampion('flights', await records(), null)).toBe(version(third).version);
  await append('r2', { ...back, to: version(third) });
  expect(chooseFormerChampion('flights', await records(), null)).toBe(version(first).version);
});

test('without a champion there is nothing to turn back', async () => {
  const { start, records } = createChampionStory();
  await start('a');
  const none = await records();
  expect(() => chooseFormerChampion('flights', none, null)).toThrow(/flights has no champion/);
  expect(() => chooseFormerChampion('flights', [], null)).toThrow(/there is no model flights/);
});
