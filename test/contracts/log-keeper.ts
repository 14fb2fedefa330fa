import { describe, expect, test } from 'vitest';
import type { LogKeeper } from '../../src/ports/log-keeper.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { predictionFile } from '../fakes/prediction-file.js';

export interface LogsUnderTest {
  readonly keeper: LogKeeper;
  readonly store: ObjectStore;
}

const NOW_MS = Date.parse('2024-06-01T00:00:00Z');
const signal = new AbortController().signal;

/** What every keeper of logs keeps. */
export function describeLogKeeper(name: string, open: () => LogsUnderTest) {
  describe(`${name} log keeper`, () => {
    test('says what it would do, does it, and then has nothing to do', async () => {
      const { keeper, store } = open();
      for (const [hour, file] of [
        ['2023-01-01/00', 'old'],
        ['2024-05-01/07', 'a'],
        ['2024-05-01/07', 'b'],
        ['2024-05-31/23', 'now'],
        ['2024-05-31/23', 'now-too'],
      ]) {
        const timeMs = Date.parse(`${hour!.replace('/', 'T')}:00:00Z`);
        await store.createIfAbsent(
          `predictions/m/${hour}/${file}.parquet`,
          predictionFile([{ id: file!, timeMs, instance: 'm-3', output: 0.5 }]),
        );
      }
      for (const window of ['20230430T000000Z-24h-c3.html', '20230430T000000Z-24h-c3.json', '20240430T000000Z-24h-c3.json'])
        await store.createIfAbsent(`monitoring/m/${window}`, Buffer.from('{}'));
      const logs = { model: 'm', nowMs: NOW_MS, retentionDays: { predictions: 90, labels: 90, answers: 0 } };
      const nothing = { expiredHours: 0, expiredFiles: 0, compactedHours: 0, compactedFiles: 0 };
      const found = { expiredHours: 1, expiredFiles: 1, compactedHours: 1, compactedFiles: 2 };
      expect(await keeper.tend({ ...logs, isDeleting: false }, signal)).toEqual({
        predictions: found,
        labels: nothing,
        monitoring: { expiredFiles: 2 },
      });
      expect(await store.list('predictions/m/')).toHaveLength(5);
      expect(await keeper.tend({ ...logs, isDeleting: true }, signal)).toEqual({
        predictions: found,
        labels: nothing,
        monitoring: { expiredFiles: 2 },
      });
      expect(await store.list('predictions/m/')).toEqual([
        expect.stringMatching(/^predictions\/m\/2024-05-01\/07\/all-[0-9a-f]{24}\.parquet$/),
        'predictions/m/2024-05-31/23/now-too.parquet',
        'predictions/m/2024-05-31/23/now.parquet',
      ]);
      expect(await keeper.tend({ ...logs, isDeleting: true }, signal)).toEqual({
        predictions: nothing,
        labels: nothing,
        monitoring: { expiredFiles: 0 },
      });
      expect(await store.list('monitoring/m/')).toEqual(['monitoring/m/20240430T000000Z-24h-c3.json']);
    });
  });
}
