import { describe, expect, test } from 'vitest';
import { addLabels } from '../../src/client/labels/add-labels.js';
import type { LabelQuestion } from '../../src/domain/label-reading.js';
import type { LabelReader } from '../../src/ports/label-reader.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { predictionFile, type LoggedPrediction } from '../fakes/prediction-file.js';

export interface LabelsUnderTest {
  readonly reader: LabelReader;
  readonly store: ObjectStore;
}

const START_MS = Date.parse('2024-05-01T00:00:00Z');
const DAY_MS = 86_400_000;

/** What every reader of labels keeps. Each day of the story has 40 predictions of the champion and their copies. */
export function describeLabelReader(name: string, open: () => LabelsUnderTest) {
  describe(`${name} label reader`, () => {
    const signal = new AbortController().signal;
    const question: LabelQuestion = {
      model: 'm',
      startMs: START_MS,
      endMs: START_MS + 2 * DAY_MS,
      asOfMs: START_MS + 9 * DAY_MS,
      timeZone: 'UTC',
      compare: { arms: { challenger: ['m-7'], champion: ['m-3'] }, kpis: { revenue: { min: 0, max: 10 } }, callerGroups: null },
    };

    test('finds nothing where nothing was logged', async () => {
      const { reader } = open();
      expect(await reader.read(question, signal)).toMatchObject({ counts: { predictions: 0, labelled: 0 }, conflicts: [], days: [] });
    });

    test('joins what was added with what was logged, day by day and pair by pair', async () => {
      const { reader, store } = open();
      const logged = (day: number, instance: string, output: number): LoggedPrediction[] =>
        Array.from({ length: 40 }, (_, i) => ({ id: `d${day}-${i}`, timeMs: START_MS + day * DAY_MS + i, instance, output }));
      for (const day of [0, 1]) {
        await store.createIfAbsent(`predictions/m/2024-05-0${day + 1}/00/m-3.parquet`, predictionFile(logged(day, 'm-3', 0.5)));
        await store.createIfAbsent(`predictions/m/2024-05-0${day + 1}/00/m-7.parquet`, predictionFile(logged(day, 'm-7', 0.9)));
      }
      await store.createIfAbsent('ledger/m/000000000001.json', new Uint8Array());
      const rows = Array.from({ length: 30 }, (_, i) => `${JSON.stringify({ id: `d0-${i}`, value: 1, values: { revenue: 4 } })}\n`);
      const content = Buffer.from([...rows, '{"id": "stranger", "value": 0}\n', '{"id": "d0-0", "value": 0}\n'].join(''));
      await addLabels({ store, model: 'm', content, format: 'jsonl', name: 'labels', skipBad: false, nowMs: START_MS + 3 * DAY_MS });
      const { counts, conflicts, days, kpis } = await reader.read(question, signal);
      expect(counts).toMatchObject({ predictions: 160, labelled: 60, unmatchedLabels: 1, conflicts: 1, ambiguousIds: 0 });
      expect(conflicts).toEqual([{ id: 'd0-0', row: 0, field: 'value', first: 1, other: 0 }]);
      expect(kpis).toEqual(['revenue']);
      expect(days).toMatchObject([
        { day: '2024-05-01', predictions: 80, labelled: 60, pairs: { predictions: 40, labelled: 30, censored: 0 }, arms: {} },
        { day: '2024-05-02', predictions: 80, labelled: 0, pairs: { predictions: 40, labelled: 0, logLoss: null, brier: null } },
      ]);
      expect(days[0]!.pairs!.logLoss).toBeCloseTo(Math.log(0.5) - Math.log(0.9), 9);
      expect(days[0]!.pairs!.brier).toBeCloseTo(0.01 - 0.25, 9);
    });

    test('what came later is not known yet', async () => {
      const { reader, store } = open();
      await store.createIfAbsent(
        'predictions/m/2024-05-01/00/m-3.parquet',
        predictionFile([{ id: 'a', timeMs: START_MS, instance: 'm-3', output: 0.5 }]),
      );
      await store.createIfAbsent('ledger/m/000000000001.json', new Uint8Array());
      const content = Buffer.from('{"id": "a", "value": 1}\n');
      await addLabels({ store, model: 'm', content, format: 'jsonl', name: 'labels', skipBad: false, nowMs: START_MS + 20 * DAY_MS });
      expect((await reader.read(question, signal)).counts.labelled).toBe(0);
      expect((await reader.read({ ...question, asOfMs: START_MS + 21 * DAY_MS }, signal)).counts.labelled).toBe(1);
    });

    test('says which time zone it does not know', async () => {
      const { reader } = open();
      await expect(reader.read({ ...question, timeZone: 'Mars/Olympus' }, signal)).rejects.toMatchObject({
        message: /timeZone.*Mars\/Olympus/,
      });
    });

    test('told to stop, it stops', async () => {
      const { reader } = open();
      await expect(reader.read(question, AbortSignal.abort())).rejects.toThrow();
      const stopping = new AbortController();
      const reading = reader.read(question, stopping.signal);
      setImmediate(() => stopping.abort());
      await expect(reading).rejects.toThrow();
    });
  });
}
