import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CyclePace } from '../../../src/domain/decide/cycle-pace.js';
import { machineHolds } from '../../../src/domain/decide/machine-holds.js';
import { enqueueTrigger, nextTrigger, type QueuedTrigger, type SeenKey } from '../../../src/domain/decide/next-trigger.js';
import { quietUntil } from '../../../src/domain/decide/quiet-until.js';
import { TriggersSpec, type TriggerKind } from '../../../src/domain/trigger.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-07-15T12:00:00Z');

const idle: CyclePace = { starts: [], ends: [], cpuSeconds: 0, gpuSeconds: 0 };
const start = (hoursAgo: number, kind: TriggerKind) => ({ atMs: NOW - hoursAgo * HOUR, kind });

type Case = [name: string, spec: object, pace: Partial<CyclePace>, all: [string, string] | null, kinds?: Record<string, [string, string]>];

test.for<Case>([
  ['nothing holds a model that did nothing', {}, {}, null],
  [
    'the cap of the day holds until the oldest cycle is a day old',
    { cyclesPerDayMax: 2 },
    { starts: [start(20, 'person'), start(3, 'drift')] },
    ['2 cycles in 24 hours, at most 2 are allowed', '2026-07-15T16:00:00.000Z'],
  ],
  [
    'the cooldown holds from the end of the last cycle, whoever asked for it',
    { cooldownMinutes: 90 },
    { ends: [start(1, 'person')] },
    ['cooling down for 90 minutes after the last cycle', '2026-07-15T12:30:00.000Z'],
  ],
  [
    'of two reasons the longer one is told',
    { cooldownMinutes: 90, cyclesPerDayMax: 1 },
    { starts: [start(2, 'drift')], ends: [start(1, 'drift')] },
    ['1 cycles in 24 hours, at most 1 are allowed', '2026-07-16T10:00:00.000Z'],
  ],
  [
    'quiet hours hold until they end',
    { quietHours: [{ from: '12:00', to: '18:00', timeZone: 'UTC' }] },
    {},
    ['quiet hours, 12:00 to 18:00 (UTC)', '2026-07-15T18:00:00.000Z'],
  ],
  [
    'a kind has a cooldown and a cap of its own',
    { policies: { drift: { cooldownMinutes: 600 }, decay: { cyclesPerDayMax: 1 }, webhook: {} } },
    { starts: [start(5, 'decay'), start(5, 'drift')], ends: [start(4, 'drift')] },
    null,
    {
      drift: ['cooling down for 600 minutes after the last drift cycle', '2026-07-15T18:00:00.000Z'],
      decay: ['1 decay cycles in 24 hours, at most 1 are allowed', '2026-07-16T07:00:00.000Z'],
    },
  ],
  [
    'compute that is spent holds until the next month',
    { budget: { cpuHoursPerMonthMax: 40 } },
    { cpuSeconds: 41.25 * 3600 },
    ['41.25 CPU hours are spent since the month began, at most 40 are allowed', '2026-08-01T00:00:00.000Z'],
  ],
  ['compute that is left holds nobody', { budget: { cpuHoursPerMonthMax: 40, gpuHoursPerMonthMax: 1 } }, { cpuSeconds: 39 * 3600 }, null],
  [
    'money is cores and devices by the hour',
    { budget: { costPerMonthMax: 100, prices: { currency: 'EUR', cpuHour: 0.5, gpuHour: 3 } } },
    { cpuSeconds: 100 * 3600, gpuSeconds: 20 * 3600 },
    ['110 EUR are spent since the month began, at most 100 are allowed', '2026-08-01T00:00:00.000Z'],
  ],
])('%s', ([, spec, pace, all, kinds = {}]) => {
  const holds = machineHolds(TriggersSpec.parse(spec), { ...idle, ...pace }, NOW);
  const told = (hold: { reason: string; untilMs: number | null }) => [hold.reason, new Date(hold.untilMs!).toISOString()];
  expect(holds.all && told(holds.all)).toEqual(all);
  expect(Object.fromEntries(Object.entries(holds.kinds).map(([kind, hold]) => [kind, told(hold)]))).toEqual(kinds);
});

test('a held kind waits, another one starts; what may start soonest is kept', () => {
  const spec = TriggersSpec.parse({
    policies: { drift: { quietHours: [{ from: '12:00', to: '18:00' }] }, webhook: { coalesceMinutes: 30 } },
  });
  const queue = (['drift', 'webhook', 'decay'] as const).map((kind) => ({
    trigger: { key: kind, kind, requestedBy: 'monitoring', reason: '' },
    arrivedAtMs: NOW,
  }));
  const facts = {
    openCycle: null,
    paused: false,
    lastCycleEndedAtMs: null,
    cycleStartsMs: [],
    nowMs: NOW,
    holds: machineHolds(spec, idle, NOW),
  };
  const all = nextTrigger(queue, spec, facts);
  expect(all.next).toMatchObject({ kind: 'start', trigger: { key: 'decay' } });
  expect(all.queue.map(({ trigger }) => trigger.key)).toEqual(['webhook']);
  const held = nextTrigger(queue.slice(0, 2), spec, facts);
  expect(held.next).toEqual({ kind: 'wait', untilMs: NOW + 30 * MINUTE });
  expect(held.dropped).toMatchObject([
    { trigger: { key: 'drift' }, reason: 'quiet hours, 12:00 to 18:00 (UTC), and webhook waits already: it takes the newest data' },
  ]);
});

test('a thousand flapping alerts give no more cycles than the cap, none in quiet hours, and each wish is accounted for', () => {
  const policies = fc.record({
    overlap: fc.constantFrom('skip', 'bufferOne', 'bufferAll'),
    cooldownMinutes: fc.nat(300),
    cyclesPerDayMax: fc.integer({ min: 1, max: 4 }),
    quietHours: fc.constantFrom([], [{ from: '22:00', to: '07:00', timeZone: 'America/New_York' }]),
    policies: fc.constantFrom({}, { drift: { cyclesPerDayMax: 1, coalesceMinutes: 20 } }),
  });
  fc.assert(
    fc.property(policies, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 400 }), (policy, gapMinutes, cycleMinutes) => {
      const spec = TriggersSpec.parse(policy);
      const { started, accounted } = storm(spec, gapMinutes * MINUTE, cycleMinutes * MINUTE);
      for (const [index, { atMs }] of started.entries()) {
        const inDay = started.slice(index).filter((one) => one.atMs - atMs < DAY);
        expect(inDay.length).toBeLessThanOrEqual(spec.cyclesPerDayMax);
        expect(quietUntil(spec.quietHours, atMs)).toBeNull();
        if (index > 0)
          expect(atMs - started[index - 1]!.atMs).toBeGreaterThanOrEqual(cycleMinutes * MINUTE + spec.cooldownMinutes * MINUTE);
      }
      expect(accounted).toBe(1000);
      expect(started.length).toBeGreaterThan(0);
    }),
    { numRuns: 6 },
  );
}, 60_000);

/** A lifecycle that looks whenever an alert comes, a cycle ends, or it said that it would. */
function storm(spec: TriggersSpec, gapMs: number, cycleMs: number) {
  let queue: readonly QueuedTrigger[] = [];
  let seenKeys: readonly SeenKey[] = [];
  let openUntilMs: number | null = null;
  let wakeMs: number | null = null;
  let dropped = 0;
  const starts: { atMs: number; kind: TriggerKind }[] = [];
  const ends: { atMs: number; kind: TriggerKind }[] = [];
  const alerts = Array.from({ length: 1000 }, (_, n) => NOW + n * gapMs);
  const lastMs = alerts.at(-1)! + 40 * DAY;
  for (let nowMs = NOW; nowMs <= lastMs;) {
    while (alerts[0] !== undefined && alerts[0] <= nowMs) {
      const n = 1000 - alerts.length;
      alerts.shift();
      const trigger = { key: `k${n}`, kind: n % 3 === 0 ? ('decay' as const) : ('drift' as const), requestedBy: 'monitoring', reason: '' };
      const next = enqueueTrigger(queue, seenKeys, trigger, nowMs);
      ({ queue, seenKeys } = next);
      if (next.refusal !== null) dropped++;
    }
    if (openUntilMs !== null && openUntilMs <= nowMs) {
      ends.push({ atMs: openUntilMs, kind: starts.at(-1)!.kind });
      openUntilMs = null;
    }
    const pace = { starts, ends, cpuSeconds: 0, gpuSeconds: 0 };
    const facts = { openCycle: openUntilMs === null ? null : 1, paused: false, lastCycleEndedAtMs: null, cycleStartsMs: [], nowMs };
    const result = nextTrigger(queue, spec, { ...facts, holds: machineHolds(spec, pace, nowMs) });
    queue = result.queue;
    dropped += result.dropped.length;
    wakeMs = result.next.kind === 'wait' ? result.next.untilMs : null;
    if (result.next.kind === 'start') {
      starts.push({ atMs: nowMs, kind: result.next.trigger.kind });
      openUntilMs = nowMs + cycleMs;
    }
    nowMs = Math.max(nowMs + 1, Math.min(alerts[0] ?? Infinity, openUntilMs ?? Infinity, wakeMs ?? Infinity));
  }
  return { started: starts, accounted: starts.length + dropped + queue.length };
}
