import { expect, test } from 'vitest';
import { readAnswered } from '../../src/activities/monitored-windows.js';
import { digestOf } from '../../src/domain/digest.js';
import { documentBytes } from '../../src/domain/document.js';
import { monitoredKey, type MonitoredWindow } from '../../src/domain/monitoring.js';
import { createMemoryStore } from '../fakes/memory-store.js';

const HOUR_MS = 3_600_000;
const END_MS = Date.parse('2024-06-01T00:00:00Z');
const end = new Date(END_MS).toISOString();

/** `count` windows that end `hours` apart, the last one `hours` before the end; each other one asked for by a person where `isMixed`. */
async function windows(count: number, hours: number, isMixed = false) {
  const store = createMemoryStore();
  for (let back = 1; back <= count; back++) {
    const endMs = END_MS - back * hours * HOUR_MS;
    const window = { start: new Date(endMs - HOUR_MS).toISOString(), end: new Date(endMs).toISOString() };
    const digest = digestOf({ back });
    const judged: MonitoredWindow = {
      model: 'm',
      window,
      version: 'm-3',
      planDigest: digest,
      documentDigest: digest,
      scheduled: !isMixed || back % 2 === 1,
      cycle: 3,
      findings: [],
      answers: [],
    };
    await store.createIfAbsent(monitoredKey('m', window, 3, 'json'), documentBytes(judged));
  }
  return store;
}

test.for<[says: string, count: number, hours: number, reach: { hours: number; ofWindows: number }, read: number]>([
  ['a monthly look finds five of them', 12, 730, { hours: 168, ofWindows: 5 }, 5],
  ['sixty days of daily looks', 90, 24, { hours: 24, ofWindows: 60 }, 60],
  ['a week of looks each quarter of an hour', 700, 0.25, { hours: 168, ofWindows: 3 }, 671],
  ['ninety days before it is answered again', 100, 24, { hours: 2160, ofWindows: 1 }, 89],
  ['no more than there are', 2, 24, { hours: 24, ofWindows: 100 }, 2],
])('%s', async ([, count, hours, reach, read]) => {
  const found = await readAnswered(await windows(count, hours), 'm', end, reach);
  expect(found.length).toBeGreaterThanOrEqual(read);
  expect(found.map(({ window }) => window.end)).toEqual(found.map(({ window }) => window.end).toSorted());
});

test('windows that a person asked for do not stand for those of the schedule', async () => {
  const found = await readAnswered(await windows(40, 24, true), 'm', end, { hours: 24, ofWindows: 10 });
  expect(found.filter(({ scheduled }) => scheduled).length).toBeGreaterThanOrEqual(10);
});
