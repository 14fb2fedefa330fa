import { expect, test } from 'vitest';
import { watchArms, type WatchRequest } from '../../src/activities/watch-arms.js';
import type { Alarm } from '../../src/domain/alarm.js';
import type { AnalysisPlan } from '../../src/domain/decide/analysis/analysis-plan.js';
import { RatchetError } from '../../src/domain/failure.js';
import type { AlarmSource } from '../../src/ports/alarm-source.js';
import { createMemoryServing } from '../fakes/memory-serving.js';
import { watchRequest } from './watch-request.js';

const plan: AnalysisPlan = {
  metrics: [{ name: 'rollout.metrics[0]', spec: { kind: 'errors', weight: 1, margin: 1, detect: 16 }, alpha: 0.2 }],
  isCompared: true,
  offlineScores: null,
  unit: 'request',
  errorShareMin: 0.02,
  alarms: ['checkout-slow'],
};
const split: WatchRequest['split'] = {
  splits: [
    { arm: 'challenger', instance: 'm-7', weightPercent: 50 },
    { arm: 'champion', instance: 'm-3', weightPercent: 50 },
  ],
  mirror: null,
};

interface World {
  readonly alarm?: Alarm['state'];
  readonly failing?: readonly string[];
  readonly isUnknown?: boolean;
  /** Whoever watches the alarms takes the question and says nothing. */
  readonly isSilent?: boolean;
  readonly seconds?: number;
}

const silent: AlarmSource = {
  read: (_names, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
};

/** Watches a step of a challenger whose counts say nothing but good, for as long as a look takes beyond its time. */
async function watched({ alarm, failing = [], isUnknown = false, isSilent = false, seconds = 0.5 }: World) {
  const { serving, router, metrics, labels, alarms, alarmsOf, failures } = createMemoryServing({ requestsPerReading: 100_000 });
  if (alarm !== undefined) alarmsOf.set('checkout-slow', { state: alarm, reason: 'Threshold Crossed' });
  for (const name of failing) failures.set(name, new RatchetError('MetricsUnavailable', `${name}: HTTP 500`));
  await router.shift({ model: 'm', shift: 1, ...split, settings: {} } as never, new AbortController().signal);
  const nowMs = Date.now();
  const times = { passAtMs: nowMs, endAtMs: nowMs + seconds * 1000, errorSecondsMax: 0.2 };
  const request = watchRequest({ step: '1-canary', times, plan, split });
  const ports = { serving, router, metrics, labels, labelPauseSeconds: null, ...(!isUnknown && { alarms: isSilent ? silent : alarms }) };
  const { end, analysis } = await watchArms(request, ports, { signal: AbortSignal.timeout(20_000), onState: () => undefined });
  return { end, reason: analysis.reasons[0] };
}

test('a step passes where its counts are good and the alarm is OK', async () => {
  expect(await watched({ alarm: 'OK', seconds: 20 })).toMatchObject({ end: 'Successful' });
});

test.for<[name: string, world: World, end: string, reason: RegExp]>([
  ['is in ALARM', { alarm: 'ALARM' }, 'Failed', /^alarm checkout-slow is in ALARM: Threshold Crossed$/],
  ['is in ALARM while nothing can be counted', { alarm: 'ALARM', failing: ['metrics'] }, 'Failed', /^alarm checkout-slow is in ALARM/],
  ['has not enough data', { alarm: 'INSUFFICIENT_DATA' }, 'Inconclusive', /^alarm checkout-slow has not enough data/],
  ['does not exist', {}, 'Error', /expected an alarm checkout-slow, found none/],
  ['cannot be asked', { alarm: 'OK', failing: ['alarms'] }, 'Error', /^alarms: HTTP 500$/],
  ['is not told', { isSilent: true }, 'Error', /^alarms: expected an answer within 5 s, found none$/],
  ['is nothing that this worker knows', { alarm: 'OK', isUnknown: true }, 'Error', /RATCHET_SAGEMAKER_SERVING_ROLE_ARN/],
])('a step does not pass where its alarm %s', async ([, world, end, reason]) => {
  expect(await watched(world)).toEqual({ end, reason: expect.stringMatching(reason) });
});
