import { expect, test } from 'vitest';
import type { Finding } from '../../../../src/domain/finding.js';
import type { ArmRequests } from '../../../../src/domain/request-counts.js';
import { monitorOutput, WINDOW } from '../../../fakes/monitor-output.js';
import { find } from './find.js';

const served = (requests: number, errors: number): ArmRequests => ({ arm: 'champion', version: 'flights-3', requests, errors });
const other = (requests: number, errors: number): ArmRequests => ({ arm: 'challenger', version: 'flights-9', requests, errors });
const limit = { thresholds: { errorRateMax: 0.01 } };
const at = (hour: number): string => new Date(Date.parse(WINDOW.start) + hour * 3_600_000).toISOString();
const all = { from: WINDOW.start, to: WINDOW.end };

type Case = [says: string, arms: ArmRequests[], counted: { from: string; to: string }, state: Finding['state'], sentence: string];

test.for<Case>([
  ['few errors are well', [served(3000, 3)], all, 'ok', '3 of 3,000 requests (0.1%) to the champion flights-3'],
  ['too many are found', [served(3000, 60)], all, 'found', '60 of 3,000 requests (2.0%)'],
  ['a version beside it is looked at too', [served(3000, 0), other(300, 90)], all, 'found', 'Of challenger flights-9: 90 of 300'],
  ['the champion in two roles is one version', [served(3000, 0), { ...served(100, 40), arm: 'baseline' }], all, 'found', '40 of 3,100'],
  ['few requests say nothing', [served(150, 1)], all, 'inconclusive', 'At least 200 are needed'],
  ['few requests that nearly all fail say enough', [served(50, 49)], all, 'found', '49 of 50'],
  ['half a window is not well', [served(3000, 3)], { from: at(12), to: at(24) }, 'inconclusive', 'Only 50% of the window was counted'],
  ['half a window may be bad', [served(3000, 300)], { from: at(12), to: at(24) }, 'found', 'Only 50%'],
  ['nothing asked is not well', [], all, 'inconclusive', 'the proxy counted no request'],
])('%s', ([, arms, counted, state, sentence]) => {
  const finding = find('errors', monitorOutput(), { settings: limit, requests: { ...counted, restarts: 0, arms } });
  expect(finding.sentence).toContain(sentence);
  expect(finding.state).toBe(state);
});

test('without counts nothing is said to be fine', () => {
  expect(find('errors', monitorOutput(), { settings: limit, requests: null })).toMatchObject({
    state: 'inconclusive',
    sentence: 'The error rate is unknown: the requests of this window were not counted.',
    observed: null,
  });
});

test('without a limit the rate is told, and nothing is found', () => {
  const finding = find('errors', monitorOutput(), { requests: { ...all, restarts: 2, arms: [served(1000, 900)] } });
  expect(finding).toMatchObject({ state: 'ok', observed: 0.9, threshold: null });
  expect(finding.sentence).toMatch(/no limit is set.*Counters began anew 2 times/);
});
