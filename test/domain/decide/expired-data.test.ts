import { describe, expect, test } from 'vitest';
import { expiredData, type ModelData, type NamedDataset } from '../../../src/domain/decide/expired-data.js';
import { named } from '../../ledger/sample-bodies.js';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const daysAgo = (days: number): string => new Date(NOW - days * 86_400_000).toISOString();

/** A data set of these files, each covering the first ten days of 2025. */
function dataset(...files: string[]): NamedDataset {
  const window = { start: '2025-01-01T00:00:00Z', end: '2025-01-11T00:00:00Z' };
  return { datasetDigest: named(files.join()), files: files.map((name) => ({ digest: named(name), part: 'train', bytes: 10, window })) };
}

function past(cycle: number, days: number, ...files: string[]): ModelData['cycles'][number] {
  return { cycle, startedAt: daysAgo(days), isOpen: false, datasets: files.length > 0 ? [dataset(...files)] : [] };
}

function modelData(change: Partial<ModelData> = {}): ModelData {
  return { model: 'flights', retention: { snapshotDays: 30, cyclesMin: 1 }, cycles: [], versions: [], openWindow: null, ...change };
}

const oldAndNew = [past(3, 100, 'old'), past(9, 100, 'new')];
const open = (start: string, end: string) => [{ ...modelData({ model: 'trains' }), openWindow: { start, end } }];

describe('what is past its retention', () => {
  test.for<[name: string, models: ModelData[], expired: string[]]>([
    ['old data goes, the newest cycle’s stays', [modelData({ cycles: oldAndNew })], ['old']],
    ['the newest is the highest number, in whatever order', [modelData({ cycles: [...oldAndNew].reverse() })], ['old']],
    ['cyclesMin counts', [modelData({ cycles: oldAndNew, retention: { snapshotDays: 30, cyclesMin: 2 } })], []],
    ['a cycle without data counts among the newest', [modelData({ cycles: [...oldAndNew, past(12, 100)] })], ['old', 'new']],
    ['young data stays', [modelData({ cycles: [past(3, 29.99, 'old'), past(9, 1, 'new')] })], []],
    ['data is no longer young on the day', [modelData({ cycles: [past(3, 30, 'old'), past(9, 1, 'new')] })], ['old']],
    ['a start in the future is young', [modelData({ cycles: [past(3, -5, 'old'), past(9, 1, 'new')] })], []],
    ['an open cycle’s stays', [modelData({ cycles: [{ ...past(3, 100, 'old'), isOpen: true }, past(9, 100, 'new')] })], []],
    ['without a spec in force all stays', [modelData({ cycles: oldAndNew, retention: null })], []],
    ['the champion’s stays', [modelData({ cycles: oldAndNew, versions: [{ role: 'champion', ...dataset('old') }] })], []],
    ['the previous champion’s stays', [modelData({ cycles: oldAndNew, versions: [{ role: 'previous champion', ...dataset('old') }] })], []],
    ['the anchor’s stays', [modelData({ cycles: oldAndNew, versions: [{ role: 'anchor', ...dataset('old') }] })], []],
    [
      'a file of a version stays, though it is in another data set',
      [modelData({ cycles: [past(3, 100, 'a', 'b'), past(9, 1)], versions: [{ role: 'anchor', ...dataset('b', 'c') }] })],
      ['a'],
    ],
    ['a file that a newer cycle shares stays', [modelData({ cycles: [past(3, 100, 'a', 'b'), past(9, 100, 'b', 'c')] })], ['a']],
    [
      'a file that another model keeps stays',
      [modelData({ cycles: oldAndNew }), modelData({ model: 'trains', cycles: [past(2, 1, 'old')] })],
      [],
    ],
    [
      'a file that two models let go is one file',
      [modelData({ cycles: oldAndNew }), modelData({ model: 'trains', cycles: [past(2, 99, 'old'), past(3, 99)] })],
      ['old'],
    ],
    [
      'each model by its own retention',
      [
        modelData({ cycles: oldAndNew }),
        modelData({ model: 'trains', cycles: [past(2, 99, 'x'), past(3, 99)], retention: { snapshotDays: 365, cyclesMin: 1 } }),
      ],
      ['old'],
    ],
    [
      'what an open cycle may snapshot just now stays',
      [modelData({ cycles: oldAndNew }), ...open('2025-01-10T00:00:00Z', '2025-03-01T00:00:00Z')],
      [],
    ],
    [
      'windows that only touch share no row',
      [modelData({ cycles: oldAndNew }), ...open('2025-01-11T00:00:00Z', '2025-03-01T00:00:00Z')],
      ['old'],
    ],
    ['an open window that cannot be read keeps all', [modelData({ cycles: oldAndNew }), ...open('?', '2025-03-01T00:00:00Z')], []],
    ['no models, no files', [], []],
  ])('%s', ([, models, expired]) => {
    expect(expiredData(models, NOW).files.map(({ digest }) => digest)).toEqual(expired.map(named));
  });

  test('a file that stands in two manifests stays where one of its windows is open', () => {
    const [first, ...rest] = [past(3, 100, 'old'), past(4, 100, 'old'), past(9, 1)];
    const moved = { ...first!.datasets[0]!.files[0]!, window: { start: '2024-01-01T00:00:00Z', end: '2024-02-01T00:00:00Z' } };
    const cycles = [{ ...first!, datasets: [{ ...first!.datasets[0]!, files: [moved] }] }, ...rest];
    expect(expiredData([modelData({ cycles }), ...open('2025-01-01T00:00:00Z', '2025-03-01T00:00:00Z')], NOW).files).toEqual([]);
  });

  test('says of each data set why it stays, and of each file who used it', () => {
    const cycles = [past(2, 100, 'old'), past(3, 100, 'old', 'other'), past(4, 2, 'young'), past(9, 1, 'new')];
    const { datasets, files } = expiredData([modelData({ cycles })], NOW);
    expect(datasets.map(({ cycle, keptBecause }) => [cycle, keptBecause])).toEqual([
      [2, null],
      [3, null],
      [4, 'young'],
      [9, 'among the newest cycles'],
    ]);
    expect(files).toMatchObject([
      { digest: named('old'), bytes: 10, usedBy: [{ cycle: 2 }, { cycle: 3 }] },
      { digest: named('other'), usedBy: [{ model: 'flights', cycle: 3 }] },
    ]);
  });
});
