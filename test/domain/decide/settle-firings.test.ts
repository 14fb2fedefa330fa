import { expect, test } from 'vitest';
import { settleFirings } from '../../../src/domain/decide/settle-firings.js';
import type { QueuedTrigger } from '../../../src/domain/decide/next-trigger.js';
import { TriggersSpec, type Trigger } from '../../../src/domain/trigger.js';

const MINUTE = 60_000;
const rule = { firingsMin: 3, withinMinutes: 60 };

function webhook(minute: number, kind: Trigger['kind'] = 'webhook'): QueuedTrigger {
  return { trigger: { key: `${kind}-${minute}`, kind, requestedBy: 'alertmanager', reason: '' }, arrivedAtMs: minute * MINUTE };
}

/** Each arrives and is decided, one after the other. @returns which of them are firm */
function firm(minutes: readonly number[]): number[] {
  let firingsMs: readonly number[] = [];
  const found: number[] = [];
  for (const minute of minutes) {
    const settled = settleFirings([webhook(minute)], firingsMs, rule);
    firingsMs = settled.firingsMs;
    if (settled.queue.length > 0) found.push(minute);
    expect(settled.queue.length + settled.withheld.length).toBe(1);
  }
  return found;
}

test.for<[says: string, minutes: number[], firm: number[]]>([
  ['the third within the hour', [0, 20, 40], [40]],
  ['not where the first is too old', [0, 40, 60], []],
  ['a window that slides', [0, 40, 60, 70], [70]],
  ['counting begins anew after it', [0, 20, 40, 41, 50, 55], [40, 55]],
  ['what comes within a minute is one', [0, 0.2, 0.5, 0.9, 20], []],
  ['a clock that jumped back counts nothing twice', [50, 49, 20], []],
])('%s', ([, minutes, expected]) => {
  expect(firm(minutes)).toEqual(expected);
});

test('what is firm waits as it is, and other kinds are left alone', () => {
  const [first, second, third] = [webhook(0), webhook(20), webhook(40)];
  const { queue } = settleFirings([first, second, third, webhook(41, 'decay')], [], rule);
  expect(queue.map(({ trigger }) => trigger.key)).toEqual(['webhook-40', 'decay-41']);
  expect(settleFirings(queue, [], rule)).toEqual({ queue, firingsMs: [], withheld: [] });
});

test('without the rule each one is a wish, and nothing is remembered', () => {
  expect(settleFirings([webhook(0)], [1], undefined)).toEqual({ queue: [webhook(0)], firingsMs: [], withheld: [] });
});

test('more firings than minutes could never come', () => {
  const spec = (hysteresis: object) => TriggersSpec.safeParse({ policies: { webhook: { hysteresis } } });
  expect(spec({ firingsMin: 5, withinMinutes: 4 }).error?.issues[0]?.message).toBe('expected at least one minute a firing');
  expect(spec({ firingsMin: 5, withinMinutes: 5 }).success).toBe(true);
});
