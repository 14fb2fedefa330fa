import { expect, test } from 'vitest';
import { cyclesTable } from '../../src/cli/commands/history.js';
import { recordSentence } from '../../src/cli/render/record-sentence.js';
import { summarizeCycles } from '../../src/client/cycle-summary.js';
import { createChampionStory } from '../ledger/champion-story.js';
import { AT, baked, cycleStarted, exposed, version, withdrawn } from '../ledger/sample-bodies.js';

test('history names the commit of a cycle', async () => {
  const { append, records } = createChampionStory();
  const started = cycleStarted('ci');
  await append('ci', { ...started, trigger: { ...started.trigger, kind: 'ci', commit: '0123456789abcdef' } });
  expect(cyclesTable(summarizeCycles(await records()))[1]).toMatch(/ci 01234567 /);
  expect((await records()).map(recordSentence).at(-1)).toContain('(ci, ana) for commit 0123456789abcdef');
});

test('history tells which cycle has traffic, bakes, or was turned back', async () => {
  const { append, promote, start, records } = createChampionStory();
  const first = await promote('a');
  const second = await promote('b', true);
  const outcomes = async () => cyclesTable(summarizeCycles(await records())).map((line) => line.split(/ {2,}/)[3]);
  expect(await outcomes()).toEqual(['OUTCOME', 'promoted', 'promoted, bakes']);
  await append(`${second}`, baked(second));
  const third = await start('c');
  await append(`${third}`, exposed(third));
  expect(await outcomes()).toEqual(['OUTCOME', 'promoted', 'promoted', 'open, has traffic']);
  await append(`${third}`, withdrawn(third));
  const back = { kind: 'rolled-back', to: version(first), requestedBy: 'ana', reason: 'slow', trafficBackAt: AT } as const;
  await append('generation-2', back);
  expect(await outcomes()).toEqual(['OUTCOME', 'promoted', 'promoted, turned back', 'open']);
  expect(cyclesTable(summarizeCycles(await records()))[2]).toMatch(/slow$/);
  expect((await records()).map(recordSentence).slice(-4)).toEqual([
    `cycle ${third}: pass, proceed`,
    `cycle ${third}: ${version(third).version} may have 10% of the requests (0-canary)`,
    `cycle ${third}: turned back by ratchet: more errors (traffic was back at ${AT})`,
    `ana turned back to ${version(first).version}: slow (traffic was back at ${AT})`,
  ]);
});
