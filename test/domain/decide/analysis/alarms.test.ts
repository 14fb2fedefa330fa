import { expect, test } from 'vitest';
import type { Alarm } from '../../../../src/domain/alarm.js';
import type { Analysis, AnalysisPhase } from '../../../../src/domain/analysis.js';
import { heedAlarms, type AlarmsLook } from '../../../../src/domain/decide/analysis/alarms.js';

const alarm = (name: string, state: Alarm['state'], reason = ''): Alarm => ({ name, state, reason });
const found = (...alarms: Alarm[]): AlarmsLook => ({ found: alarms });
const counted = (phase: AnalysisPhase): Analysis => ({ phase, reasons: ['as counted'], metrics: [], windows: 3, units: {} });

test.for<[name: string, phase: AnalysisPhase, look: AlarmsLook, becomes: AnalysisPhase, reason: RegExp]>([
  ['all OK', 'Successful', found(alarm('a', 'OK'), alarm('b', 'OK')), 'Successful', /^as counted$/],
  ['one in ALARM', 'Successful', found(alarm('a', 'OK'), alarm('b', 'ALARM', 'too\nslow ')), 'Failed', /^alarm b is in ALARM: too slow$/],
  ['one in ALARM without a reason', 'Inconclusive', found(alarm('a', 'ALARM')), 'Failed', /^alarm a is in ALARM: it gives no reason$/],
  ['one in ALARM, one that is missing', 'Error', found(alarm('b', 'ALARM', 'x')), 'Failed', /^alarm b is in ALARM/],
  ['a long reason', 'Successful', found(alarm('a', 'ALARM', 'x'.repeat(1000))), 'Failed', /^alarm a is in ALARM: x{200}…$/],
  ['one that is missing', 'Successful', found(alarm('a', 'OK')), 'Error', /alarms: expected an alarm b, found none$/],
  ['none that can be asked', 'Successful', { trouble: 'CloudWatch: HTTP 500' }, 'Error', /^CloudWatch: HTTP 500$/],
  [
    'one without data',
    'Successful',
    found(alarm('a', 'INSUFFICIENT_DATA'), alarm('b', 'OK')),
    'Inconclusive',
    /^alarm a has not enough data/,
  ],
  [
    'one without data, where nothing can be counted',
    'Error',
    found(alarm('a', 'INSUFFICIENT_DATA'), alarm('b', 'OK')),
    'Error',
    /^as counted$/,
  ],
  ['one that nobody named', 'Successful', found(alarm('a', 'OK'), alarm('b', 'OK'), alarm('c', 'ALARM')), 'Successful', /^as counted$/],
  ['none that can be asked, beside proven harm', 'Failed', { trouble: 'CloudWatch: HTTP 500' }, 'Failed', /^as counted$/],
])('%s, where the counts say %s', ([, phase, look, becomes, reason]) => {
  const heeded = heedAlarms(counted(phase), ['a', 'b'], look);
  expect(heeded).toMatchObject({ phase: becomes, windows: 3 });
  expect(heeded.reasons[0]).toMatch(reason);
  expect(heeded.reasons.at(-1)).toBe('as counted');
});
