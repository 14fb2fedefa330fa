import { expect, test } from 'vitest';
import { tendLogs } from '../../../src/client/retention/tend-logs.js';
import type { LogKeeper, LogsToTend } from '../../../src/ports/log-keeper.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { createDataStory } from './data-story.js';

test('the logs of each model that has any are tended by the retention of its own spec, and no Python is asked for without one', async () => {
  const store = createMemoryStore();
  const story = createDataStory(store);
  const tended: LogsToTend[] = [];
  let opened = 0;
  const nothing = { expiredHours: 0, expiredFiles: 0, compactedHours: 0, compactedFiles: 0 };
  const keeper: LogKeeper = {
    tend: async (logs) => (tended.push(logs), { predictions: nothing, labels: nothing, monitoring: { expiredFiles: 0 } }),
  };
  const tend = (model?: string) =>
    tendLogs(store, async () => (opened++, keeper), {
      ...(model && { model }),
      isDeleting: true,
      nowMs: 5,
      signal: new AbortController().signal,
    });
  await story.modelNamed('quiet').apply('2024-01-01T00:00:00.000Z');
  expect([await tend(), opened]).toEqual([[], 0]);
  await story.modelNamed('served').apply('2024-01-01T00:00:00.000Z');
  store.files.set('labels/served/2024-05-01/00/1-a.parquet', new Uint8Array());
  expect(await tend()).toEqual([
    { model: 'served', predictionDays: 400, labelDays: 400, predictions: nothing, labels: nothing, monitoring: { expiredFiles: 0 } },
  ]);
  expect(tended).toEqual([{ model: 'served', nowMs: 5, retentionDays: { predictions: 400, labels: 400, answers: 0 }, isDeleting: true }]);
  expect(await tend('quiet')).toEqual([]);
});

test.for<[schedule: object, days: number]>([
  [{ kind: 'interval', everyMinutes: 1440 }, 60],
  [{ kind: 'interval', everyMinutes: 60 }, 7],
  [{ kind: 'cron', cron: '0 7 1 * *', timeZone: 'UTC' }, 1860],
])('windows of monitoring stay as long as answers may count them, by the schedule %j', async ([schedule, days]) => {
  const store = createMemoryStore();
  const tended: LogsToTend[] = [];
  const keeper = { tend: async (logs: LogsToTend) => (tended.push(logs), { monitoring: { expiredFiles: 0 } }) } as unknown as LogKeeper;
  const monitoring = { schedule, answers: { dataDrift: { foundMin: 40, ofWindows: 60 } } };
  await createDataStory(store).modelNamed('served').apply('2024-01-01T00:00:00.000Z', { serving: {}, monitoring });
  store.files.set('monitoring/served/x.json', new Uint8Array());
  await tendLogs(store, async () => keeper, { isDeleting: true, nowMs: 5, signal: new AbortController().signal });
  expect(tended.map(({ retentionDays }) => retentionDays.answers)).toEqual([days]);
});
