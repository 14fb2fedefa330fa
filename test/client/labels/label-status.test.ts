import { expect, test } from 'vitest';
import { labelStatusLines } from '../../../src/cli/render/label-status.js';
import { labelStatus } from '../../../src/client/labels/label-status.js';
import type { LabelQuestion, LabelReading } from '../../../src/domain/label-reading.js';
import { noLabels } from '../../fakes/memory-serving.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { createDataStory } from '../retention/data-story.js';

const AS_OF_MS = Date.parse('2024-05-04T12:00:00Z');
const day = (date: string, labelled: number): LabelReading['days'][number] => {
  const startMs = Date.parse(`${date}T00:00:00Z`);
  return { day: date, startMs, endMs: startMs + 86_400_000, predictions: 200, labelled, censored: 4, pairs: null, arms: {} };
};

async function statusOf(reading: LabelReading) {
  const store = createMemoryStore();
  await createDataStory(store).modelNamed('flights').apply('2024-01-01T00:00:00.000Z');
  const asked: LabelQuestion[] = [];
  const reader = { read: (question: LabelQuestion) => Promise.resolve((asked.push(question), reading)) };
  const status = await labelStatus({ store, reader, model: 'flights', days: 30, asOfMs: AS_OF_MS, signal: new AbortController().signal });
  return { status, asked };
}

test('each day is told with its coverage, and whether what is said of it may decide', async () => {
  const conflicts = [{ id: 'a', row: 0, field: 'value', first: 1, other: 0 }];
  const counts = { ...noLabels, predictions: 600, labelled: 310, censored: 12, unmatchedLabels: 3, conflicts: 1 };
  const { status, asked } = await statusOf({
    counts,
    conflicts,
    kpis: [],
    days: [day('2024-05-01', 180), day('2024-05-02', 120), day('2024-05-04', 10)],
  });
  expect(asked).toMatchObject([{ startMs: AS_OF_MS - 30 * 86_400_000, endMs: AS_OF_MS, asOfMs: AS_OF_MS, timeZone: 'UTC', compare: null }]);
  expect(labelStatusLines(status)).toEqual([
    'DAY         PREDICTIONS  LABELLED  CENSORED  SETTLED  STATE',
    '2024-05-01  200          180       4         92.0%    mature',
    '2024-05-02  200          120       4         62.0%    provisional: 62% of its predictions are settled, of the days before it 92%',
    '2024-05-04  200          10        4         7.0%     provisional: less than 24 h since its end',
    '',
    'predictions                                        600',
    'labelled                                           310',
    'censored                                           12',
    'labels without a prediction of this time           3',
    'rows with conflicting labels                       1',
    'ids used for different predictions                 0',
    'labels observed before their prediction, not used  0',
    'named numbers                                      -',
    '',
    'conflicting labels: the first received counts',
    '  a row 0, value: 1, then 0',
  ]);
});

test('a model without a log says so in a sentence', async () => {
  const { status } = await statusOf({ counts: noLabels, conflicts: [], kpis: [], days: [] });
  expect(labelStatusLines(status)).toEqual([
    'flights: no predictions were logged from 2024-04-04T12:00:00.000Z to 2024-05-04T12:00:00.000Z, and no labels came for any',
  ]);
});
