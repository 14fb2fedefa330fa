import { expect, test } from 'vitest';
import { readModelFile } from '../../../src/client/model-file/read-model-file.js';
import { daysBetweenFirings } from '../../../src/client/model-file/rules/cron.js';
import { GOOD_MODEL_FILE, NOW_MS } from './good-model-file.js';

test.for<[crons: string[], days: number]>([
  [[], Infinity],
  [['0 6 * * *'], 1],
  [['0 6 * * 1'], 7],
  [['0 6 * * mon,thu'], 3],
  [['0 6 * * 0,7'], 7],
  [['0 6 1 * *'], 28],
  [['0 6 1 */2 *'], 59],
  [['0 6 */10 * *'], 1], // the 31st and the 1st
  [['0 6 1-7 * 1'], 28], // the first Monday of a month
  [['0 6 1 1 *'], 365],
  [['0 6 29 2 *'], Infinity],
  [['0 6,18 1 * *'], 0],
  [['*/30 6 1 * *'], 0],
  [['0 6 * * 1', '0 6 * * 2'], 1],
  [['0 6 * * 1', '0 7 * * 1'], 0],
  [['0 61 * * *', '0 6 * * 1'], 7], // what can never fire is told elsewhere
])('%j fires %d days apart at the closest', ([crons, days]) => {
  expect(daysBetweenFirings(crons)).toBe(days);
});

const refit = GOOD_MODEL_FILE.replace('  approval:\n', '  refit: afterPass\n  approval:\n');

test.for<[name: string, text: string, told: RegExp | null]>([
  ['weekly, with 28 days held back', refit, /as often as 7 days apart/],
  ['daily', refit.replace('0 6 * * 1', '0 6 * * *'), /every day/],
  ['hourly', refit.replace('0 6 * * 1', '0 * * * *'), /more than once a day/],
  ['weekly, without a refit', GOOD_MODEL_FILE, null],
  ['weekly, with a refit written out as none', refit.replace('afterPass', 'none'), null],
  ['every 28 days at the least', refit.replace('0 6 * * 1', '0 6 1 * *'), null],
  ['without a schedule', refit.replace(/ {2}triggers:[^]*/, ''), null],
  ['weekly, cooled down for as long', `${refit}    cooldownMinutes: ${28 * 24 * 60}\n`, null],
  [
    'weekly, where nobody is compared with',
    refit.replace(/ {4}againstChampion:[^]*?(?= {2}refit)/, '').replace('slices: [{ by: origin }]', 'slices: []'),
    null,
  ],
])('a refit, %s', ([, text, told]) => {
  const { spec, problems } = readModelFile(text, { file: 'm', nowMs: NOW_MS });
  expect(spec).not.toBeNull(); // told, never refused
  const found = problems.filter(({ path }) => path === 'spec.refit').map(({ message }) => message);
  expect(found).toEqual(told === null ? [] : [expect.stringMatching(told) as string]);
});
