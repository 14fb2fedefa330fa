import { expect, test } from 'vitest';
import { judgeMonitoring } from '../../../../src/domain/decide/monitor/judge-monitoring.js';
import type { Finding, FindingKind } from '../../../../src/domain/finding.js';
import type { MonitorOutput } from '../../../../src/domain/monitor-jobs.js';
import { cohort, labelledDays, monitorOutput } from '../../../fakes/monitor-output.js';
import { mean } from '../evaluation.js';
import { find, policy, type Change } from './find.js';

const quality = (change: object): MonitorOutput => {
  const [distance, temp] = monitorOutput().quality;
  return monitorOutput({ quality: [distance!, { ...temp!, ...change }] });
};

test('a quiet day: one finding a kind, and none of them found', () => {
  const findings = judgeMonitoring(policy(), monitorOutput());
  expect(new Set(findings.map(({ kind }) => kind)).size).toBe(findings.length);
  expect(Object.fromEntries(findings.map(({ kind, state }) => [kind, state]))).toEqual({
    traffic: 'ok',
    dataDrift: 'ok',
    predictionDrift: 'ok',
    dataQuality: 'ok',
    skew: 'ok',
    serviceLevel: 'ok',
    staleness: 'ok',
    newData: 'ok',
    decay: 'ok',
    calibration: 'ok',
    promise: 'ok',
    kpi: 'inconclusive',
    errors: 'inconclusive',
  });
});

test('nothing measured is never ok, but for the age of the model', () => {
  const nothing = monitorOutput({
    log: { rows: 0, files: 0, filesUnreadable: 0, duplicates: 0, hours: 24, hoursWithRows: 0, sampledOneIn: 1 },
    versions: [],
    trafficRows: 0,
    servedRows: 0,
    drift: { columns: [], thin: [] },
    predictions: null,
    quality: [],
    skew: { answers: null, features: null },
    latencyMs: null,
    cohort: null,
    labels: null,
    early: null,
  });
  const states = judgeMonitoring(policy(), nothing).map(({ kind, state }) => [kind, state] as const);
  expect(states.filter(([kind, state]) => state === 'ok' && kind !== 'staleness')).toEqual([]);
  expect(states.find(([kind]) => kind === 'traffic')![1]).toBe('found');
});

const counted = (requests: number, errors = 0, version = 'flights-3') => ({
  from: '2013-07-01T04:00:00.000Z',
  to: '2013-07-02T04:00:00.000Z',
  restarts: 0,
  arms: [{ arm: 'champion' as const, version, requests, errors }],
});

test.for<[says: string, requests: ReturnType<typeof counted>, servedRows: number, state: Finding['state']]>([
  ['as many rows as answers', counted(1000), 1000, 'ok'],
  ['more rows than answers: a request may ask for many', counted(1000), 5000, 'ok'],
  ['minutes apart', counted(1000), 600, 'ok'],
  ['most of them lost', counted(1000), 400, 'found'],
  ['answers that were errors are no rows', counted(1000, 700), 400, 'ok'],
  ['another version', counted(1000, 0, 'flights-9'), 400, 'ok'],
  ['too few to tell', counted(3), 1, 'ok'],
])('what the proxy counted is held against the log: %s', ([, requests, servedRows, state]) => {
  const traffic = find('traffic', monitorOutput({ servedRows, trafficRows: servedRows }), { requests });
  expect(traffic.state).toBe(state);
  expect(traffic.sentence.includes('the proxy counted 1,000 answers of the champion, the log has 400 rows of them')).toBe(
    state === 'found',
  );
});

type Case = [says: string, kind: FindingKind, output: MonitorOutput, change: Change, state: Finding['state'], sentence: string];

const drifted = monitorOutput().drift.columns.map((column) => ({ ...column, statistic: 0.4, drifted: true }));

test.for<Case>([
  [
    'features that drifted are named',
    'dataDrift',
    monitorOutput({ drift: { columns: drifted, thin: [] } }),
    {},
    'found',
    'distance (0.400), temp (0.400)',
  ],
  [
    'features that nobody could measure are not said to be fine',
    'dataDrift',
    monitorOutput({ drift: { columns: monitorOutput().drift.columns, thin: ['wind', 'gust'] } }),
    {},
    'inconclusive',
    '2 features had too few values',
  ],
  [
    'few predictions say nothing of drift',
    'dataDrift',
    monitorOutput({ trafficRows: 30 }),
    {},
    'inconclusive',
    '30 predictions, at least 200 are needed',
  ],
  [
    'answers that moved',
    'predictionDrift',
    monitorOutput({ predictions: { ...monitorOutput().predictions!, statistic: 0.6 } }),
    {},
    'found',
    'distance 0.600',
  ],
  ['a feature that is null', 'dataQuality', quality({ nullShare: 0.9 }), {}, 'found', 'temp is null in 90% of the rows, in training in 0%'],
  ['a feature that hangs', 'dataQuality', quality({ constant: true }), {}, 'found', 'temp has one value only'],
  [
    'a category never seen',
    'dataQuality',
    quality({ unseenShare: 0.25, examples: ['zeppelin'] }),
    {},
    'found',
    'in 25% of the rows, such as zeppelin',
  ],
  [
    'a value out of range',
    'dataQuality',
    quality({ outOfRangeShare: 0.02, examples: ['999'] }),
    {},
    'found',
    'temp is out of range in 2.0% of the rows, such as 999',
  ],
  [
    'a server that answers otherwise',
    'skew',
    monitorOutput({ skew: { answers: { rows: 3000, differingShare: 0.4, differenceMax: 0.3 }, features: null } }),
    {},
    'found',
    '40% of 3,000 answers differ from the model file’s, by up to 0.30',
  ],
  [
    'features that differ by key',
    'skew',
    monitorOutput({
      skew: {
        answers: monitorOutput().skew.answers,
        features: { method: 'keys', rows: 500, features: [{ feature: 'temp', differingShare: 0.3, statistic: null, threshold: null }] },
      },
    }),
    {},
    'found',
    'temp as logged differ from the snapshot, for 500 rows of the same key and day',
  ],
  [
    'features that no snapshot can be held against',
    'skew',
    monitorOutput({ skew: { answers: monitorOutput().skew.answers, features: null } }),
    {},
    'inconclusive',
    'no snapshot has days of which enough was logged',
  ],
  ['a slow service', 'serviceLevel', monitorOutput(), { settings: { thresholds: { latencyMsP99Max: 5 } } }, 'found', 'at most 9.0 ms'],
  ['an old model', 'staleness', monitorOutput(), { settings: { thresholds: { staleDaysMax: 20 } } }, 'found', 'ends 30 days before'],
  ['enough new data', 'newData', monitorOutput(), { settings: { thresholds: { newRowsMin: 3000 } } }, 'found', '4,000 labelled rows came'],
  [
    'unreadable files',
    'traffic',
    monitorOutput({ log: { ...monitorOutput().log, filesUnreadable: 2 } }),
    {},
    'found',
    '2 of 24 files cannot be read',
  ],
  [
    'hours without a prediction and duplicates are told',
    'traffic',
    monitorOutput({ log: { ...monitorOutput().log, hoursWithRows: 20, duplicates: 7 } }),
    {},
    'ok',
    '4 of 24 hours have none; 7 were logged twice',
  ],
  [
    'a gap in calibration',
    'calibration',
    monitorOutput({
      cohort: cohort({
        arms: { ...cohort().arms, served: { ...cohort().arms.served!, calibration: { meanPrediction: 0.5, rate: 0.2, bins: [] } } },
      }),
    }),
    {},
    'found',
    'a gap of 0.300',
  ],
  ['a promise that was not kept', 'promise', monitorOutput(), { promise: { logLoss: 0.4 } }, 'found', '0.400 was promised'],
  ['a promise that nobody knows', 'promise', monitorOutput(), { promise: null }, 'inconclusive', 'is not known'],
  [
    'a business metric proven too low',
    'kpi',
    monitorOutput({ kpis: [{ name: 'revenue', mean: mean(8, 0.5) }] }),
    { settings: { kpis: [{ name: 'revenue', min: 10 }] } },
    'found',
    'below 10',
  ],
  ...(['calibration', 'promise', 'kpi'] as const).flatMap((kind): Case[] => [
    [
      `labels that our own answers decided about, for ${kind}`,
      kind,
      monitorOutput({ labels: { ...monitorOutput().labels!, ownDecision: 12 }, kpis: [{ name: 'revenue', mean: mean(8, 0.5) }] }),
      { settings: { kpis: [{ name: 'revenue', min: 10 }] } },
      'inconclusive',
      '12 labels exist only because our own output decided so',
    ],
    [
      `days that lost their labels, for ${kind}`,
      kind,
      monitorOutput({
        labels: { ...monitorOutput().labels!, days: labelledDays([...Array<number>(21).fill(93), ...Array<number>(7).fill(60)]) },
        kpis: [{ name: 'revenue', mean: mean(8, 0.5) }],
      }),
      { settings: { kpis: [{ name: 'revenue', min: 10 }] } },
      'inconclusive',
      'unknown',
    ],
  ]),
  [
    'a business metric that cannot be told from its limit',
    'kpi',
    monitorOutput({ kpis: [{ name: 'revenue', mean: mean(9.9, 2) }] }),
    { settings: { kpis: [{ name: 'revenue', min: 10 }] } },
    'inconclusive',
    'not told apart from its limit',
  ],
  [
    'a business metric that nobody sent',
    'kpi',
    monitorOutput(),
    { settings: { kpis: [{ name: 'revenue', min: 10 }] } },
    'inconclusive',
    'revenue is unknown',
  ],
])('%s', ([, kind, output, change, state, sentence]) => {
  const finding = find(kind, output, change);
  expect(finding.sentence).toContain(sentence);
  expect(finding.state).toBe(state);
});
