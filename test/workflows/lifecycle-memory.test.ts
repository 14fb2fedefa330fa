import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextTrigger } from '../../src/domain/decide/next-trigger.js';
import { TriggersSpec, type Trigger } from '../../src/domain/trigger.js';
import { createLifecycleMemory, type LifecycleMemory } from '../../src/workflows/lifecycle-memory.js';
import type { CarriedLifecycle } from '../../src/workflows/messages.js';

type Step =
  | { readonly kind: 'wish'; readonly key: number; readonly by: Trigger['kind'] }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'continueAsNew' }
  | { readonly kind: 'wait'; readonly minutes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('wish' as const), key: fc.nat(15), by: fc.constantFrom('person', 'ci', 'schedule', 'drift') }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'start' } as const) },
  { weight: 3, arbitrary: fc.constant({ kind: 'end' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'pause' } as const) },
  { weight: 2, arbitrary: fc.constant({ kind: 'continueAsNew' } as const) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 600 }) }) },
);

const spec = fc
  .record({
    overlap: fc.constantFrom('skip', 'bufferOne', 'bufferAll'),
    cooldownMinutes: fc.nat(120),
    cyclesPerDayMax: fc.integer({ min: 1, max: 5 }),
  })
  .map((triggers) => TriggersSpec.parse(triggers));

/** A lifecycle without its workflow: what it was asked, what it started. */
function createModel(triggers: TriggersSpec) {
  let memory: LifecycleMemory = createLifecycleMemory(undefined);
  let nowMs = Date.UTC(2026, 0, 1);
  let openCycle: number | null = null;
  let paused = false;
  let cycles = 0;
  const wishes = new Map<string, Trigger>();
  const started: string[] = [];
  return { run, memory: () => memory, wishes, started };

  function run(next: Step): void {
    switch (next.kind) {
      case 'wish': {
        const trigger: Trigger = { key: `k${next.key}`, kind: next.by, requestedBy: 'ana', reason: '' };
        if (memory.remember(trigger, nowMs) === null) wishes.set(trigger.key, trigger);
        return;
      }
      case 'start':
        return start();
      case 'end':
        if (openCycle !== null) memory.ended(nowMs);
        openCycle = null;
        return;
      case 'pause':
        paused = !paused;
        return;
      case 'continueAsNew':
        memory = createLifecycleMemory(JSON.parse(JSON.stringify(memory.carry())) as CarriedLifecycle);
        return;
      case 'wait':
        nowMs += next.minutes * 60_000;
    }
  }

  function start(): void {
    const facts = { openCycle, paused, lastCycleEndedAtMs: memory.lastCycleEndedAtMs(), cycleStartsMs: memory.startedAtMs(), nowMs };
    const { next, queue, dropped } = nextTrigger(memory.queue(), triggers, facts);
    memory.keep(queue, dropped);
    if (next.kind === 'wait') return;
    expect({ openCycle, paused }).toEqual({ openCycle: null, paused: false });
    openCycle = ++cycles;
    memory.started(next.trigger, openCycle, nowMs);
    started.push(next.trigger.key);
  }
}

test('every wish waits, becomes one cycle or is dropped with a reason: never two of them, never none, over any continue-as-new', () => {
  fc.assert(
    fc.property(spec, fc.array(step, { maxLength: 60 }), (triggers, steps) => {
      const model = createModel(triggers);
      for (const next of steps) model.run(next);
      const waiting = model
        .memory()
        .queue()
        .map(({ trigger }) => trigger.key);
      expect(new Set(model.started).size).toBe(model.started.length);
      for (const [key, wish] of model.wishes) {
        const seen = model
          .memory()
          .seenKeys()
          .find((entry) => entry.key === key);
        const fates = [waiting.includes(key), seen?.cycle != null, seen?.dropped !== undefined];
        expect({ key, fates: fates.filter(Boolean) }).toEqual({ key, fates: [true] });
        if (wish.kind === 'person' || wish.kind === 'ci') expect(seen?.dropped).toBeUndefined();
      }
    }),
    { numRuns: 500 },
  );
});

test('what is carried over continue-as-new is all that is remembered', () => {
  fc.assert(
    fc.property(spec, fc.array(step, { maxLength: 60 }), (triggers, steps) => {
      const once = createModel(triggers);
      const often = createModel(triggers);
      for (const next of steps) {
        once.run(next);
        often.run(next);
        often.run({ kind: 'continueAsNew' });
      }
      expect(often.started).toEqual(once.started);
      expect(often.memory().carry()).toEqual(once.memory().carry());
    }),
    { numRuns: 200 },
  );
});

test('however much is asked, what travels over continue-as-new fits into a payload', () => {
  const memory = createLifecycleMemory(undefined);
  const longest = (n: number, kind: Trigger['kind']): Trigger => ({
    key: `${n}`.padEnd(200, 'k'),
    kind,
    requestedBy: 'r'.repeat(200),
    reason: 'w'.repeat(2000),
    commit: 'c'.repeat(200),
  });
  for (let n = 0; n < 1500; n++) memory.remember(longest(n, 'ci'), n);
  expect(memory.remember(longest(9999, 'person'), 1500)).toContain('triggers are waiting already');
  for (let n = 1500; n < 3000; n++) {
    memory.keep(memory.queue().slice(1), []);
    memory.remember(longest(n, n % 2 === 0 ? 'person' : 'drift'), n);
    memory.dropped(longest(n, 'ci'), 'x'.repeat(5000));
  }
  expect(JSON.stringify(memory.carry()).length).toBeLessThan(1.8 * 1024 * 1024);
});
