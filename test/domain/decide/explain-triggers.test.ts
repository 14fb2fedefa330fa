import { expect, test } from 'vitest';
import { explainTriggers, type TriggerHistory } from '../../../src/domain/decide/explain-triggers.js';
import type { LedgerRecord } from '../../../src/domain/ledger.js';
import { TriggersSpec, type Trigger } from '../../../src/domain/trigger.js';
import { createChampionStory } from '../../ledger/champion-story.js';

const NOW = Date.parse('2026-07-15T12:00:00Z');
const MINUTE = 60_000;

const trigger = (change: Partial<Trigger> = {}): Trigger => ({
  key: 'decay/c3/w',
  kind: 'decay',
  requestedBy: 'monitoring',
  reason: '',
  ...change,
});

/** Records in which only what is asked about is told. */
const record = (seq: number, minutesAgo: number, body: object, after: object = {}): LedgerRecord =>
  ({
    seq,
    at: new Date(NOW - minutesAgo * MINUTE).toISOString(),
    body,
    after: { openCycle: null, paused: false, ...after },
  }) as LedgerRecord;

const started = record(
  3,
  200,
  { kind: 'cycle-started', trigger: trigger({ reason: 'decay was found in 2 of the last 3 windows.' }) },
  { openCycle: 3 },
);
const ended = record(6, 30, { kind: 'cycle-ended', cycle: 3, outcome: 'rejected', reason: 'AUC is not superior' });

const idle: TriggerHistory = {
  records: [started, ended],
  usages: [],
  windows: [],
  triggers: TriggersSpec.parse({}),
  lifecycle: { queue: [], seenKeys: [], trouble: null },
  monitored: null,
  nextScheduledAt: null,
  nextMonitoredAt: null,
  nowMs: NOW,
};
const told = (change: Partial<TriggerHistory>): readonly string[] => explainTriggers({ ...idle, ...change }).sentences;

test('why a cycle started, how it ended, and that nothing asks', () => {
  expect(told({})).toEqual([
    'Cycle 3 started at 2026-07-15T08:40:00.000Z (decay/c3/w; decay, asked by monitoring: decay was found in 2 of the last 3 windows) and ended rejected: AUC is not superior.',
    'Nothing holds a trigger back now.',
    'Spent: 1 of 24 cycles in 24 hours.',
    'Nothing asks by itself: no schedule, and nothing was monitored. `ratchet trigger` asks.',
  ]);
});

test('monitoring that has a schedule asks by itself, also before it looked for the first time', () => {
  expect(told({ nextMonitoredAt: '2026-07-20T07:00:00.000Z' }).at(-1)).toBe('Monitoring looks next at 2026-07-20T07:00:00.000Z.');
});

test('what waits says why and until when; what came to nothing says why', () => {
  const queue = [{ trigger: trigger({ key: 'drift/1', kind: 'drift' }), arrivedAtMs: NOW }];
  const seenKeys = [
    { key: 'drift/1', atMs: NOW, cycle: null },
    { key: 'drift/2', atMs: NOW - MINUTE, cycle: null, dropped: 'cycle 3 is open, and drift/1 waits already: it takes the newest data' },
    { key: 'old', atMs: NOW - 2 * MINUTE, cycle: 3 },
  ];
  const triggers = TriggersSpec.parse({
    cooldownMinutes: 90,
    budget: { costPerMonthMax: 10, prices: { currency: 'EUR', cpuHour: 1 } },
    policies: { drift: { quietHours: [{ from: '10:00', to: '18:00' }] } },
  });
  const usages = [{ model: 'm', cycle: 3, cpuSeconds: 7200, gpuSeconds: 0 }];
  const explained = explainTriggers({ ...idle, triggers, usages, lifecycle: { queue, seenKeys, trouble: null } });
  expect(explained.sentences.slice(1)).toEqual([
    'No cycle came of drift/2, asked at 2026-07-15T11:59:00.000Z: cycle 3 is open, and drift/1 waits already: it takes the newest data.',
    'drift/1 waits: quiet hours, 10:00 to 18:00 (UTC), until 2026-07-15T18:00:00.000Z.',
    'Machines are held back, people are not: cooling down for 90 minutes after the last cycle, until 2026-07-15T13:00:00.000Z.',
    'Triggers of kind drift are held back: quiet hours, 10:00 to 18:00 (UTC), until 2026-07-15T18:00:00.000Z.',
    'Spent: 1 of 24 cycles in 24 hours, 2 of 10 EUR this month.',
    'Nothing asks by itself: no schedule, and nothing was monitored. `ratchet trigger` asks.',
  ]);
  expect(explained).toMatchObject({
    lastCycle: { cycle: 3, outcome: 'rejected' },
    waiting: [{ key: 'drift/1', until: '2026-07-15T18:00:00.000Z' }],
    dropped: [{ key: 'drift/2' }],
  });
});

test('what monitoring used counts against the budget of its month', () => {
  const windows = [
    { window: { start: '2026-06-29T00:00:00.000Z', end: '2026-06-30T00:00:00.000Z' }, cpuSeconds: 36_000 },
    { window: { start: '2026-07-09T00:00:00.000Z', end: '2026-07-10T00:00:00.000Z' }, cpuSeconds: 1800 },
    { window: { start: '2026-07-10T00:00:00.000Z', end: '2026-07-11T00:00:00.000Z' } },
  ];
  const usages = [{ model: 'm', cycle: 3, cpuSeconds: 1800, gpuSeconds: 0 }];
  const triggers = TriggersSpec.parse({ budget: { cpuHoursPerMonthMax: 1 } });
  expect(told({ triggers, usages, windows }).join('\n')).toContain('1 of 1 CPU hours this month');
});

test('an open cycle, a pause and a trouble are told for people too', () => {
  const queue = [{ trigger: trigger({ key: 'p', kind: 'person' }), arrivedAtMs: NOW }];
  expect(told({ records: [started], lifecycle: { queue, seenKeys: [], trouble: null } }).slice(0, 3)).toEqual([
    expect.stringMatching(/ and is open\.$/),
    'p waits: cycle 3 is open.',
    'Nothing starts now: cycle 3 is open.',
  ]);
  const paused = record(7, 5, { kind: 'paused', requestedBy: 'ana', reason: '' }, { paused: true });
  expect(told({ records: [started, ended, paused] })).toContain('Nothing starts now: the model is paused.');
  const trouble = 'the spec in force cannot be read';
  expect(told({ lifecycle: { queue, seenKeys: [], trouble } })).toEqual(
    expect.arrayContaining([`p waits: ${trouble}.`, `Nothing can start: ${trouble}.`]),
  );
  expect(told({ lifecycle: null })).toContain('Its lifecycle does not run: the next trigger, or `ratchet apply`, starts it.');
});

test('how many windows a finding still needs, and when the schedule asks', () => {
  const answers = [
    { action: null, reason: 'dataDrift was found in 2 of the last 5 windows, it needs 3', found: 2 },
    { action: null, reason: 'decay was found in 0 of the last 3 windows, it needs 2', found: 0 },
  ];
  expect(
    told({ monitored: { window: { end: '2026-07-15T06:00:00Z' }, answers }, nextScheduledAt: '2026-07-20T04:00:00.000Z' }).slice(-2),
  ).toEqual([
    'Monitoring to 2026-07-15T06:00:00Z: dataDrift was found in 2 of the last 5 windows, it needs 3.',
    'The schedule asks next at 2026-07-20T04:00:00.000Z.',
  ]);
});

test('a real ledger is explained as it stands', async () => {
  const { promote, records } = createChampionStory();
  const cycle = await promote('a');
  const explained = explainTriggers({ ...idle, records: await records() });
  expect(explained.lastCycle).toMatchObject({ cycle, outcome: 'promoted' });
  expect(explainTriggers({ ...idle, records: [] }).sentences[0]).toBe('No cycle has started yet.');
});
