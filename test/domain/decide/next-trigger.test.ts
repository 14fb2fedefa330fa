import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { enqueueTrigger, nextTrigger, type QueuedTrigger, type TriggerFacts } from '../../../src/domain/decide/next-trigger.js';
import { TriggersSpec, type Trigger } from '../../../src/domain/trigger.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.parse('2013-07-01T08:00:00Z');

const rules = (spec: Record<string, unknown> = {}): TriggersSpec => TriggersSpec.parse(spec);
const idle: TriggerFacts = { openCycle: null, paused: false, lastCycleEndedAtMs: null, cycleStartsMs: [], nowMs: NOW };

const trigger = (key: string, kind: Trigger['kind'] = 'schedule'): Trigger => ({ key, kind, requestedBy: 'somebody', reason: '' });
const queued = (...triggers: Trigger[]): QueuedTrigger[] => triggers.map((one, i) => ({ trigger: one, arrivedAtMs: NOW - HOUR + i }));
const person = (key: string): Trigger => trigger(key, 'person');

type Case = [
  name: string,
  queue: QueuedTrigger[],
  spec: TriggersSpec,
  facts: Partial<TriggerFacts>,
  expected: { next: string | { untilMs: number | null }; left?: string[]; dropped?: [key: string, reason: string][] },
];

test.for<Case>([
  ['waits for something to happen where nothing is queued', [], rules(), {}, { next: { untilMs: null } }],
  ['starts a schedule’s trigger', queued(trigger('s1')), rules(), {}, { next: 's1' }],
  ['starts a person’s trigger', queued(person('p1')), rules(), {}, { next: 'p1' }],
  ['starts people before machines', queued(trigger('s1'), person('p1')), rules(), {}, { next: 'p1', left: ['s1'] }],
  ['starts people in order', queued(person('p1'), trigger('c1', 'ci'), person('p2')), rules(), {}, { next: 'p1', left: ['c1', 'p2'] }],

  // An open cycle, a pause.
  [
    'keeps people waiting while a cycle is open',
    queued(person('p1'), person('p2')),
    rules({ overlap: 'skip' }),
    { openCycle: 7 },
    { next: { untilMs: null }, left: ['p1', 'p2'] },
  ],
  ['keeps people waiting while paused', queued(person('p1')), rules(), { paused: true }, { next: { untilMs: null }, left: ['p1'] }],
  [
    'skips a schedule’s trigger while a cycle is open',
    queued(trigger('s1')),
    rules({ overlap: 'skip' }),
    { openCycle: 7 },
    { next: { untilMs: null }, dropped: [['s1', 'cycle 7 is open, and overlap is skip']] },
  ],
  [
    'buffers one while a cycle is open',
    queued(trigger('s1'), trigger('d1', 'drift'), trigger('s2')),
    rules(),
    { openCycle: 7 },
    {
      next: { untilMs: null },
      left: ['s1'],
      dropped: [
        ['d1', 'cycle 7 is open, and s1 waits already: it takes the newest data'],
        ['s2', 'cycle 7 is open, and s1 waits already: it takes the newest data'],
      ],
    },
  ],
  [
    'lets a recalibration join a training, never the other way',
    queued({ ...trigger('r1', 'decay'), recipe: 'recalibrate' }, trigger('d1', 'decay'), {
      ...trigger('r2', 'decay'),
      recipe: 'recalibrate',
    }),
    rules(),
    { openCycle: 7 },
    {
      next: { untilMs: null },
      left: ['d1'],
      dropped: [
        ['r1', 'cycle 7 is open, and d1 waits already: it takes the newest data'],
        ['r2', 'cycle 7 is open, and d1 waits already: it takes the newest data'],
      ],
    },
  ],
  [
    'buffers all while a cycle is open',
    queued(trigger('s1'), trigger('s2')),
    rules({ overlap: 'bufferAll' }),
    { openCycle: 7 },
    { next: { untilMs: null }, left: ['s1', 's2'] },
  ],
  [
    'buffers one while paused',
    queued(trigger('s1'), trigger('s2')),
    rules(),
    { paused: true },
    { next: { untilMs: null }, left: ['s1'], dropped: [['s2', 'the model is paused, and s1 waits already: it takes the newest data']] },
  ],
  [
    'skips machines when a person’s cycle starts first',
    queued(trigger('s1'), person('p1')),
    rules({ overlap: 'skip' }),
    {},
    { next: 'p1', dropped: [['s1', 'cycle for p1 starts first, and overlap is skip']] },
  ],
  ['keeps the next of two schedules', queued(trigger('s1'), trigger('s2')), rules(), {}, { next: 's1', left: ['s2'] }],

  // Cooldown.
  [
    'waits until it has cooled down',
    queued(trigger('s1')),
    rules({ cooldownMinutes: 30 }),
    { lastCycleEndedAtMs: NOW - 10 * MINUTE },
    { next: { untilMs: NOW + 20 * MINUTE }, left: ['s1'] },
  ],
  [
    'starts when it has cooled down',
    queued(trigger('s1')),
    rules({ cooldownMinutes: 30 }),
    { lastCycleEndedAtMs: NOW - 30 * MINUTE },
    { next: 's1' },
  ],
  ['does not cool people down', queued(person('p1')), rules({ cooldownMinutes: 30 }), { lastCycleEndedAtMs: NOW }, { next: 'p1' }],
  ['does not cool CI down', queued(trigger('c1', 'ci')), rules({ cooldownMinutes: 30 }), { lastCycleEndedAtMs: NOW }, { next: 'c1' }],
  [
    'skips while cooling down',
    queued(trigger('s1')),
    rules({ cooldownMinutes: 30, overlap: 'skip' }),
    { lastCycleEndedAtMs: NOW },
    { next: { untilMs: null }, dropped: [['s1', 'cooling down for 30 minutes after the last cycle, and overlap is skip']] },
  ],
  [
    'waits no longer than the cooldown where the clock jumped back',
    queued(trigger('s1')),
    rules({ cooldownMinutes: 30 }),
    { lastCycleEndedAtMs: NOW + 400 * DAY },
    { next: { untilMs: NOW + 30 * MINUTE }, left: ['s1'] },
  ],

  // The budget of the day.
  [
    'waits until a start leaves the last 24 hours',
    queued(trigger('s1')),
    rules({ cyclesPerDayMax: 2 }),
    { cycleStartsMs: [NOW - 3 * HOUR, NOW - 20 * HOUR, NOW - 30 * HOUR] },
    { next: { untilMs: NOW + 4 * HOUR }, left: ['s1'] },
  ],
  [
    'starts within the budget of the day',
    queued(trigger('s1')),
    rules({ cyclesPerDayMax: 2 }),
    { cycleStartsMs: [NOW - 3 * HOUR, NOW - DAY] },
    { next: 's1' },
  ],
  ['has no budget for people', queued(person('p1')), rules({ cyclesPerDayMax: 1 }), { cycleStartsMs: [NOW] }, { next: 'p1' }],
  [
    'says the budget where it outlasts the cooldown',
    queued(trigger('s1')),
    rules({ cyclesPerDayMax: 1, cooldownMinutes: 30, overlap: 'skip' }),
    { cycleStartsMs: [NOW - HOUR], lastCycleEndedAtMs: NOW },
    { next: { untilMs: null }, dropped: [['s1', '1 cycles in 24 hours, at most 1 are allowed, and overlap is skip']] },
  ],
])('%s', ([, queue, spec, facts, { next, left = [], dropped = [] }]) => {
  const decided = nextTrigger(queue, spec, { ...idle, ...facts });
  if (typeof next === 'string') expect(decided.next).toMatchObject({ kind: 'start', trigger: { key: next } });
  else expect(decided.next).toEqual({ kind: 'wait', ...next });
  expect(decided.queue.map((one) => one.trigger.key)).toEqual(left);
  expect(decided.dropped.map((one) => [one.trigger.key, one.reason])).toEqual(dropped);
});

const anyTrigger = fc.record({
  key: fc.constantFrom(...'abcdefghijklmnop'),
  kind: fc.constantFrom('person' as const, 'schedule' as const, 'drift' as const, 'ci' as const, 'webhook' as const),
  requestedBy: fc.constant('somebody'),
  reason: fc.constant(''),
});
const anyFacts = fc.record({
  openCycle: fc.constantFrom(null, 7),
  paused: fc.boolean(),
  lastCycleEndedAtMs: fc.constantFrom(null, NOW - HOUR, NOW, NOW + DAY),
  cycleStartsMs: fc.array(fc.integer({ min: NOW - 2 * DAY, max: NOW + DAY }), { maxLength: 5 }),
  nowMs: fc.constant(NOW),
});
const anyRules = fc.record({
  schedules: fc.constant<TriggersSpec['schedules']>([]),
  overlap: fc.constantFrom('skip' as const, 'bufferOne' as const, 'bufferAll' as const),
  cooldownMinutes: fc.constantFrom(0, 30),
  cyclesPerDayMax: fc.integer({ min: 1, max: 3 }),
});

test.for<[reason: string, spec: Record<string, unknown>, facts: Partial<TriggerFacts>]>([
  ['openCycle', { overlap: 'skip' }, { openCycle: 7 }],
  ['paused', { overlap: 'skip' }, { paused: true }],
  ['cooldown', { overlap: 'skip', cooldownMinutes: 30 }, { lastCycleEndedAtMs: NOW - MINUTE }],
  ['cyclesPerDay', { overlap: 'skip', cyclesPerDayMax: 1 }, { cycleStartsMs: [NOW - HOUR] }],
  ['budget', { overlap: 'skip' }, { holds: { all: { reason: 'spent', cause: 'budget', untilMs: null }, kinds: {} } }],
  ['coalescing', { overlap: 'skip', policies: { schedule: { coalesceMinutes: 90 } } }, {}],
  ['anotherFirst', { overlap: 'skip' }, { holds: { all: { reason: 'of an old history', untilMs: null }, kinds: {} } }],
])('counts what is dropped by its cause: %s', ([cause, spec, facts]) => {
  expect(nextTrigger(queued(trigger('s1')), rules(spec), { ...idle, ...facts }).dropped).toMatchObject([{ cause }]);
});

test('counts what another takes along', () => {
  const { dropped } = nextTrigger(queued(trigger('s1'), trigger('s2')), rules(), { ...idle, openCycle: 7 });
  expect(dropped).toMatchObject([{ trigger: { key: 's2' }, cause: 'coalesced' }]);
});

test('every trigger is started, kept or dropped, exactly once, and people’s are never dropped', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyTrigger, { selector: ({ key }) => key }), anyRules, anyFacts, (triggers, spec, facts) => {
      const { next, queue, dropped } = nextTrigger(queued(...triggers), spec, facts);
      const started = next.kind === 'start' ? [next.trigger.key] : [];
      const keys = [...started, ...queue.map((one) => one.trigger.key), ...dropped.map((one) => one.trigger.key)];
      expect(keys.toSorted()).toEqual(triggers.map(({ key }) => key).toSorted());
      expect(dropped.filter((one) => one.trigger.kind === 'person' || one.trigger.kind === 'ci')).toEqual([]);
      if (facts.openCycle !== null || facts.paused) expect(next.kind).toBe('wait');
      if (next.kind === 'wait' && next.untilMs !== null) expect(next.untilMs).toBeGreaterThan(NOW);
    }),
  );
});

describe('the queue', () => {
  test('recognises the same wish, even after it was started', () => {
    const first = enqueueTrigger([], [], person('p1'), NOW);
    expect(first).toMatchObject({ queue: [{ trigger: { key: 'p1' }, arrivedAtMs: NOW }], refusal: null });
    const again = enqueueTrigger([], first.seenKeys, person('p1'), NOW + DAY);
    expect(again).toMatchObject({ queue: [], refusal: 'the trigger p1 was seen before: the same key is the same wish' });
  });

  test('forgets a key after seven days', () => {
    const { seenKeys } = enqueueTrigger([], [], person('p1'), NOW);
    expect(enqueueTrigger([], seenKeys, person('p1'), NOW + 7 * DAY)).toMatchObject({
      refusal: null,
      seenKeys: [{ key: 'p1', atMs: NOW + 7 * DAY }],
    });
  });

  test('remembers a thousand keys', () => {
    let state = enqueueTrigger([], [], person('p0'), NOW);
    for (let i = 1; i <= 1000; i++) state = enqueueTrigger([], state.seenKeys, person(`p${i}`), NOW);
    expect(state.seenKeys).toHaveLength(1000);
    expect(state.seenKeys[0]).toMatchObject({ key: 'p1' });
  });

  test('refuses machines’ triggers, never people’s, when it is long', () => {
    const long = queued(...Array.from({ length: 100 }, (_, i) => trigger(`w${i}`, 'webhook')));
    expect(enqueueTrigger(long, [], trigger('w100', 'webhook'), NOW)).toMatchObject({
      queue: long,
      refusal: '100 triggers are waiting already, more are not kept',
    });
    expect(enqueueTrigger(long, [], person('p1'), NOW).queue).toHaveLength(101);
  });
});
