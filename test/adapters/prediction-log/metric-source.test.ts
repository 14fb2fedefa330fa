import { expect, test } from 'vitest';
import { createLoggedMetricSource } from '../../../src/adapters/prediction-log/metric-source.js';
import { LATENCY_EDGES_MS, SCORE_BINS } from '../../../src/domain/latency-edges.js';
import type { MetricSource } from '../../../src/ports/metric-source.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { predictionFile } from '../../fakes/prediction-file.js';

const signal = AbortSignal.timeout(60_000);
const startMs = Date.parse('2026-03-01T10:00:00Z');
const instances = { champion: 'm-1', challenger: 'm-2' };
const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** A source that counts nothing and is two minutes late, and a log that a test writes. */
function open() {
  const store = createMemoryStore();
  const clock = { nowMs: startMs };
  const latency = Array<number>(LATENCY_EDGES_MS.length + 1).fill(0);
  const none = { units: 3, errors: 1, latency, scores: Array<number>(SCORE_BINS).fill(0), scoreSum: 0 };
  const counts: MetricSource = {
    read: async (asked) => ({ atMs: clock.nowMs - 120_000, arms: Object.fromEntries(Object.keys(asked).map((arm) => [arm, none])) }),
  };
  const source = createLoggedMetricSource({ counts, store, modelOf: async () => 'm', now: () => clock.nowMs });
  let files = 0;
  /** The answers of an instance, each so many seconds after the start; the file lies in the hour of the first. */
  const write = async (instance: string, outputs: readonly number[], afterSeconds: number): Promise<void> => {
    const timeMs = startMs + afterSeconds * 1000;
    const hour = new Date(timeMs).toISOString().slice(0, 13).replace('T', '/');
    const content = predictionFile(outputs.map((output) => ({ id: 'a', timeMs, instance, output })));
    await store.createIfAbsent(`predictions/m/${hour}/${instance}-log-${++files}.parquet`, content);
  };
  const read = async (afterSeconds: number) => {
    clock.nowMs = startMs + afterSeconds * 1000;
    const { arms } = await source.read(instances, 'request', signal);
    const scores = (arm: keyof typeof instances) => [total(arms[arm]!.scores), Number(arms[arm]!.scoreSum.toFixed(3))];
    return { champion: scores('champion'), challenger: scores('challenger') };
  };
  return { store, source, write, read };
}

test('answers are counted for who gave them, until the time that requests are counted until', async () => {
  const { source, write, read } = open();
  await read(0);
  await write('m-1', [0.1, 0.3], 30);
  await write('m-2', [0.95], 30);
  await write('m-2', [0.5, 1], 130);
  expect(await read(150)).toEqual({ champion: [0, 0], challenger: [0, 0] });
  expect(await read(160)).toEqual({ champion: [2, 0.4], challenger: [1, 0.95] });
  expect(await read(270)).toEqual({ champion: [2, 0.4], challenger: [3, 2.45] });
  const { arms } = await source.read(instances, 'request', signal);
  expect(arms.challenger).toMatchObject({ units: 3, errors: 1 });
  expect(arms.challenger!.scores.slice(-2)).toEqual([0, 2]);
});

test('what was there before the first look is nobody’s, and what comes late is counted once', async () => {
  const { write, read } = open();
  await write('m-2', [0.5], -400);
  await read(0);
  await write('m-2', [0.5], -300);
  await write('m-2', [0.25], 10);
  await read(300);
  await write('m-2', [0.75], 20);
  expect(await read(360)).toMatchObject({ challenger: [2, 1] });
  expect(await read(420)).toMatchObject({ challenger: [2, 1] });
});

test('a fresh twin whose name begins alike is another one, a broken file says nothing', async () => {
  const { store, write, read } = open();
  await read(0);
  await write('m-1-fresh-2', [0.9], 10);
  await write('m-1', [0.1], 10);
  await store.createIfAbsent('predictions/m/2026-03-01/10/m-1-log-x.parquet', Buffer.from('no Parquet'));
  expect(await read(200)).toMatchObject({ champion: [1, 0.1] });
});

test('over hours, and after nobody asked for long, counts only rise', async () => {
  const { write, read } = open();
  await read(0);
  for (let minute = 0; minute < 130; minute++) {
    await write('m-1', [0.5], minute * 60);
    await read(minute * 60 + 65);
  }
  expect(await read(130 * 60 + 120)).toMatchObject({ champion: [130, 65] });
  await write('m-1', [0.5], 9000); // nobody looks for an hour
  expect(await read(13_000)).toMatchObject({ champion: [130, 65] });
});

test('a store that is away, or hangs, keeps no errors from being counted; answers are counted once when it is back', async () => {
  const { store, source, write, read } = open();
  await read(0);
  await write('m-2', [0.5], 10);
  const { list, get } = store;
  store.list = () => Promise.reject(new Error('away'));
  expect(await read(140)).toMatchObject({ challenger: [0, 0] });
  const { arms } = await source.read(instances, 'request', signal);
  expect(arms.challenger).toMatchObject({ units: 3, errors: 1 });
  store.list = list;
  let goOn = (): void => {};
  const hanging = new Promise<void>((resolve) => (goOn = resolve));
  store.get = async (key) => (await hanging, get(key));
  expect(await read(150)).toMatchObject({ challenger: [0, 0] });
  expect(await read(160)).toMatchObject({ challenger: [0, 0] });
  goOn();
  expect(await read(170)).toMatchObject({ challenger: [1, 0.5] });
});
