import { expect, test } from 'vitest';
import { createMeter } from '../../../src/workers/metrics/meter.js';
import { createLedgerReading } from '../../../src/workers/metrics/read-ledgers.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { createChampionStory } from '../../ledger/champion-story.js';
import {
  AT,
  approved,
  baked,
  cycleEnded,
  cycleStarted,
  exposed,
  judged,
  paused,
  servingPaused,
  promoted,
  version,
  withdrawn,
} from '../../ledger/sample-bodies.js';

const AT_SECONDS = Date.parse(AT) / 1000;

function createReading() {
  const store = createMemoryStore();
  const meter = createMeter();
  const story = createChampionStory({ store });
  const read = createLedgerReading({ store, meter, now: () => 1_000_000 });
  /** Lines about the loop, without those of the process. */
  const shown = async (about: string): Promise<string[]> => {
    await read();
    const isAbout = (line: string): boolean =>
      line.startsWith('ratchet_') &&
      line.includes(about) &&
      !line.includes('_bucket') &&
      !/^ratchet_(cycles|rollbacks)_total.* 0$/.test(line);
    return (await meter.text()).split('\n').filter(isAbout).sort();
  };
  return { store, story, shown };
}

test('a cycle is seen from its start over the asking of people to its end', async () => {
  const { story, shown } = createReading();
  const cycle = await story.append('monday', cycleStarted('monday'));
  expect(await shown('cycle')).toEqual([
    'ratchet_cycle_open{model="flights"} 1',
    `ratchet_cycle_started_timestamp_seconds{model="flights"} ${AT_SECONDS}`,
    'ratchet_cycles_started_total{model="flights",trigger="person"} 1',
    'ratchet_ledger_records_total{model="flights",kind="cycle-started"} 1',
  ]);

  await story.append(`${cycle}`, judged(cycle, { face: 'no-baseline', next: 'askPerson' }));
  expect(await shown('approval')).toEqual([`ratchet_approval_asked_timestamp_seconds{model="flights"} ${AT_SECONDS}`]);
  expect(await shown('verdicts')).toEqual(['ratchet_verdicts_total{model="flights",face="no-baseline"} 1']);
  await story.append(`${cycle}`, approved(cycle));
  expect(await shown('approval')).toEqual([]);

  await story.append(`${cycle}`, promoted(cycle));
  await story.append(`${cycle}`, cycleEnded(cycle));
  expect(await shown('ratchet_cycle')).toEqual([
    'ratchet_cycle_duration_seconds_count{model="flights",outcome="promoted"} 1',
    'ratchet_cycle_duration_seconds_sum{model="flights",outcome="promoted"} 0',
    'ratchet_cycle_open{model="flights"} 0',
    'ratchet_cycles_started_total{model="flights",trigger="person"} 1',
    'ratchet_cycles_total{model="flights",outcome="promoted"} 1',
  ]);
  expect(await shown('champion')).toEqual([
    'ratchet_champion_generation{model="flights"} 1',
    `ratchet_champion_promoted_timestamp_seconds{model="flights",version="${version(cycle).version}"} ${AT_SECONDS}`,
  ]);
});

test('the counters that alerts watch are there, at 0, from the first record on', async () => {
  const { store, story } = createReading();
  await story.append('holiday', paused());
  const meter = createMeter();
  await createLedgerReading({ store, meter })();
  expect((await meter.text()).split('\n')).toEqual(
    expect.arrayContaining([
      'ratchet_cycles_total{model="flights",outcome="failed"} 0',
      'ratchet_rollbacks_total{model="flights",kind="rolledBack",by="ratchet"} 0',
    ]),
  );
});

test('a rollout shows the share that it was given, and a harmful one is counted as turned back', async () => {
  const { story, shown } = createReading();
  await story.promote('first');
  const cycle = await story.start('second');
  await story.append(`${cycle}/0`, exposed(cycle));
  await story.append(`${cycle}/1`, exposed(cycle, { step: '1-canary', weightPercentMax: 50 }));
  expect(await shown('rollout')).toEqual(['ratchet_rollout_weight_percent_max{model="flights"} 50']);
  await story.append(`${cycle}`, withdrawn(cycle));
  expect(await shown('rollout')).toEqual([]);
  expect(await shown('rollbacks')).toEqual(['ratchet_rollbacks_total{model="flights",kind="withdrawn",by="ratchet"} 1']);
  expect(await shown('turn_back')).toContain('ratchet_turn_back_duration_seconds_count{model="flights"} 1');
});

test('a failed cycle names its stage and failure; a bake and a pause are seen while they last', async () => {
  const { story, shown } = createReading();
  const first = await story.promote('first', true);
  expect(await shown('bake')).toEqual(['ratchet_bake_open{model="flights"} 1']);
  await story.append(`${first}`, baked(first));
  expect(await shown('bake_open')).toEqual(['ratchet_bake_open{model="flights"} 0']);
  const failure = { type: 'JobOutOfMemory', class: 'starved', message: 'm', remedy: 'r' };
  const second = await story.append('second', cycleStarted('second'));
  await story.append(`${second}`, cycleEnded(second, { outcome: 'failed', stage: 'train', failure }));
  expect(await shown('cycle_failures')).toEqual(['ratchet_cycle_failures_total{model="flights",stage="train",failure="JobOutOfMemory"} 1']);
  await story.append('holiday', paused());
  expect(await shown('ratchet_paused')).toEqual(['ratchet_paused{model="flights"} 1']);
  expect(await shown('serving_paused')).toEqual(['ratchet_serving_paused{model="flights"} 0']);
  await story.append('harm', servingPaused());
  expect(await shown('serving_paused')).toEqual(['ratchet_serving_paused{model="flights"} 1']);
});

test('each record is counted once, by a worker that went on as by one that starts anew', async () => {
  const going = createReading();
  for (const name of ['first', 'second', 'third']) {
    await going.story.promote(name);
    await going.shown('');
  }
  const fresh = createMeter();
  await createLedgerReading({ store: going.store, meter: fresh, now: () => 1_000_000 })();
  const anew = (await fresh.text())
    .split('\n')
    .filter((line) => line.startsWith('ratchet_') && !line.includes('_bucket') && !/^ratchet_(cycles|rollbacks)_total.* 0$/.test(line));
  expect(await going.shown('')).toEqual(anew.sort());
  expect(anew).toContain('ratchet_cycles_total{model="flights",outcome="promoted"} 3');
});

test('a ledger that cannot be read is counted, and the others go on', async () => {
  const { store, story, shown } = createReading();
  await story.promote('first');
  await createChampionStory({ model: 'arrivals', store }).promote('first');
  const [broken] = [...store.files.keys()].filter((key) => key.startsWith('ledger/arrivals/')).sort();
  store.files.set(broken!, Buffer.from('no record'));
  expect(await shown('errors')).toEqual(['ratchet_ledger_read_errors_total{model="arrivals"} 1']);
  expect(await shown('ratchet_cycles_total')).toEqual(['ratchet_cycles_total{model="flights",outcome="promoted"} 1']);
  expect(await shown('read_timestamp')).toEqual(['ratchet_ledger_read_timestamp_seconds 0']);
});
