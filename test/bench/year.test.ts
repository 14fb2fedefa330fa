import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { BLIND_RETRAINS, LABEL_HOURS, midnight, MONDAYS, monthOf, PLANTED, SERVED } from '../../bench/year/calendar.js';
import { bestOf, differenceOf, ruleSpoiled, ruleUnspoiled, type Books } from '../../bench/year/books.js';
import { monthsWorse, monthTable } from '../../bench/year/tables.js';
import { withFault } from '../../bench/year/watched-model.js';
import { readModelFile } from '../../src/client/model-file/read-model-file.js';
import { modelSpec } from '../fakes/model-file.js';

/** Thirty days of 100 rows in two months; a policy's daily log-loss is .5 and what is given, a little other every day. */
function booksOf(losses: Readonly<Record<string, number>>): Books {
  const days = Array.from({ length: 30 }, (_, day) => `2013-04-${String(day + 1).padStart(2, '0')}`);
  const quality = (loss: number) => ({ auc: 0.7, logLoss: 0.5 + loss, brier: 0.2, refused: 0 });
  return {
    days,
    dayRows: days.map(() => 100),
    months: [
      { month: '2013-04', rows: 1500 },
      { month: '2013-05', rows: 1500 },
    ],
    policies: Object.fromEntries(
      Object.entries(losses).map(([name, loss]) => [
        name,
        {
          months: [quality(loss), quality(0)],
          year: quality(loss),
          dayLogLoss: days.map((_, day) => 100 * (0.5 + loss * (1 + (day % 3) / 100))),
        },
      ]),
    ),
  };
}

test('a loop that is a little worse than the best other policy is no worse by the margin; one that is much worse is', () => {
  const others = ['once', 'blind'];
  const near = booksOf({ loop: 0.002, once: 0.03, blind: 0 });
  expect(bestOf(near, others)).toBe('blind');
  expect(differenceOf(near, 'loop', 'blind')).toMatchObject({ other: 'blind', delta: expect.closeTo(0.002, 4) as number });
  expect(ruleUnspoiled(near, 'loop', others)).toMatchObject({ holds: true, sentence: expect.stringContaining('"blind"') as string });
  expect(ruleUnspoiled(booksOf({ loop: 0.006, once: 0.03, blind: 0 }), 'loop', others)).toMatchObject({
    holds: false,
    sentence: expect.stringMatching(/not proven no worse by 0.005$/) as string,
  });
});

test('with bad retrains the loop must be better than each blind policy, not than one of them', () => {
  expect(ruleSpoiled(booksOf({ loop: 0, a: 0.01, b: 0.02 }), 'loop', ['a', 'b']).holds).toBe(true);
  expect(ruleSpoiled(booksOf({ loop: 0.015, a: 0.01, b: 0.02 }), 'loop', ['a', 'b']).holds).toBe(false);
});

test('losses are told: the months in which the loop is worse, and a row for each month and for all of them', () => {
  const books = booksOf({ loop: 0.01, blind: 0 });
  expect(monthsWorse(books, 'loop', 'blind')).toEqual(['2013-04 by 0.0100']);
  const lines = monthTable(books, ['loop', 'blind']);
  expect(lines.filter((line) => line.startsWith('| 2013-04') || line.startsWith('| all'))).toHaveLength(6);
  expect(lines.at(-1)).toBe('unanswered: loop 0; blind 0');
});

test('the year begins and ends at midnight in New York, is looked at on Mondays at six, and labels come every morning', () => {
  expect(SERVED).toEqual({ start: '2013-04-01T04:00:00.000Z', end: '2014-01-01T05:00:00.000Z' });
  expect([MONDAYS[0], MONDAYS.at(-1), MONDAYS.length]).toEqual(['2013-04-08T10:00:00.000Z', '2013-12-30T11:00:00.000Z', 39]);
  expect([LABEL_HOURS[0], LABEL_HOURS.length]).toEqual(['2013-04-02T09:00:00.000Z', 274]);
  expect(midnight('2013-07-01')).toBe('2013-07-01T04:00:00.000Z');
  expect(BLIND_RETRAINS.map(monthOf).filter((month) => month in PLANTED)).toEqual(Object.keys(PLANTED));
  expect(monthOf('2013-06-01T03:59:59.000Z')).toBe('2013-05');
});

test('a planted fault changes the recipe and nothing that judges it', () => {
  const honest = modelSpec('planted');
  expect(withFault(honest, null)).toBe(honest);
  for (const fault of ['miscalibrated', 'refusesNull', 'leaking'] as const) {
    const { spec } = withFault(honest, fault);
    expect({ trainer: spec.trainer.config, data: spec.data }).not.toEqual({ trainer: honest.spec.trainer.config, data: honest.spec.data });
    expect(spec.gates).toBe(honest.spec.gates);
    expect(spec.data.window).toBe(honest.spec.data.window);
  }
});

test('the model file of the year is one without a fault, and its judgement has room between two cycles', () => {
  const folder = fileURLToPath(new URL('../../examples/flight-lateness/', import.meta.url));
  const text = readFileSync(`${folder}watched.yaml`, 'utf8');
  const { spec, problems } = readModelFile(text, { file: 'watched.yaml', fileExists: (path) => existsSync(folder + path) });
  expect(problems.filter(({ severity }) => severity !== 'info')).toEqual([]);
  const { data, monitoring, refit } = spec!.spec;
  expect(refit).toBe('afterPass');
  expect(monitoring!.thresholds.staleDaysMax).toBeGreaterThan(data.window.holdoutDays + data.label.delayHours / 24);
});
