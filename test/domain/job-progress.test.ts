import { expect, test } from 'vitest';
import { lastProgressIn, readJobProgress } from '../../src/domain/job-progress.js';

test.for<[says: string, text: string, progress: unknown]>([
  ['all of it', '{"step":2,"total":5,"epoch":1,"epochs":3,"loss":0.5,"examplesPerSecond":9,"message":"fold 2"}', expect.anything()],
  ['what is no number is left out', '{"step":"two","loss":1}', { loss: 1 }],
  ['fields of tomorrow are left out', '{"step":2,"accuracy":1}', { step: 2 }],
  ['NaN as Python writes it', '{"step": 2, "loss": NaN}', { step: 2, loss: 'NaN' }],
  ['infinity, below zero', '{"loss":-Infinity}', { loss: '-Infinity' }],
  ['as a word', '{"loss":"NaN"}', { loss: 'NaN' }],
  ['a long message is cut', JSON.stringify({ message: 'x'.repeat(900) }), { message: 'x'.repeat(500) }],
  ['half a file', '{"step": 2', null],
  ['nothing that is known', '{}', null],
  ['no object', '[1]', null],
  ['too much', JSON.stringify({ step: 1, other: 'x'.repeat(100_000) }), null],
])('progress: %s', ([, text, progress]) => {
  expect(readJobProgress(text)).toEqual(progress);
});

test('the newest progress of a log counts, whatever stands around it', () => {
  const log = 'hello\nRATCHET_PROGRESS {"step":1}\nnoise\nRATCHET_PROGRESS {"step":2}\nRATCHET_PROGRESS {"st\nbye';
  expect(lastProgressIn(log)).toEqual({ step: 2 });
  expect(lastProgressIn('nothing of the kind')).toBeNull();
});
