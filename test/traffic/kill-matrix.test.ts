import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { records } from '../chaos/kill-point.js';
import { MODEL } from '../chaos/quick-stack.js';
import { until } from '../chaos/until.js';
import { watchTraffic, type TrafficWatchman } from './lawful-traffic.js';
import { challengeUnderWatch, FORWARD_STATES, isTurnedBack, leaveState, reachState, type RolloutUnderWatch } from './rollout-states.js';
import { startServedStack, type Edits, type ServedStack } from './served-stack.js';
import type { SteadyCallers } from './steady-callers.js';
import { strike, type Victim } from './strike.js';

/**
 * Judged by what it answers, and by nothing that a kill does to it: so one rollout lives through a kill in each of its states.
 * A second canary is there to be paused: long enough for a server that was killed before to be asked again.
 */
const JUDGED_BY_ANSWERS: Edits = [
  ['alpha: 0.05', 'alpha: 0.2'],
  ['windowSeconds: 0.5', 'windowSeconds: 0.2'],
  [
    '- { kind: canary, weightPercent: 30, bakeSeconds: 1, bakeSecondsMax: 400 }',
    '- { kind: canary, weightPercent: 40, bakeSeconds: 1, bakeSecondsMax: 400 }\n      - { kind: canary, weightPercent: 45, bakeSeconds: 10, bakeSecondsMax: 400 }',
  ],
  ['      - { kind: errors, margin: 0.2, detect: 16 }\n      - { kind: latency, margin: 1, detect: 16 }\n', ''],
];

/** Each of a pair dies in every other state; the other order has the rest. In turn, so that each lives for a while in between. */
const PAIRS: readonly (readonly [Victim, Victim])[] = [
  ['the worker', 'Envoy'],
  ['Envoy', 'the worker'],
  ['Temporal', 'the serving host'],
  ['the serving host', 'Temporal'],
  ['the challenger’s server', 'the champion’s server'],
  ['the champion’s server', 'the challenger’s server'],
];

describe('kill -9 in every state of a rollout', () => {
  let stack: ServedStack;
  let watchman: TrafficWatchman;
  let callers: SteadyCallers;
  beforeAll(async () => {
    stack = await startServedStack(JUDGED_BY_ANSWERS);
  });
  afterAll(async () => stack?.stop());
  beforeEach(() => {
    watchman = watchTraffic(stack.stack);
    callers = stack.callers(8);
  });
  afterEach(async () => {
    await callers.stop();
    await watchman.stop();
  });

  test.for(PAIRS)('of %s and %s in turn, from its first server to the end of the bake', async (pair) => {
    const rollout = await challengeUnderWatch(stack, {});
    for (const [at, state] of FORWARD_STATES.entries()) {
      await reachState(rollout, state);
      await strike(stack, pair[at % 2]!, rollout.cycle);
      await leaveState(rollout, state);
    }
    expect(await stack.outcomeOf(rollout.cycle)).toBe('promoted');
    await holdsAfterwards(rollout, 'promoted');
  });

  test.for<Victim>(['the worker', 'Temporal', 'Envoy', 'the champion’s server', 'everything'])(
    'of %s while the traffic is given back',
    async (victim) => {
      const rollout = await challengeUnderWatch(stack, { shift: 0.5 });
      await until('traffic is taken back', () => isTurnedBack(rollout), { everyMs: 10 });
      await strike(stack, victim, rollout.cycle);
      expect(await stack.outcomeOf(rollout.cycle)).toBe('rejected');
      await holdsAfterwards(rollout, 'withdrawn');
    },
  );

  test.for(['canary', 'promoting'] as const)('of everything at: %s', async (state) => {
    const rollout = await challengeUnderWatch(stack, {});
    await reachState(rollout, state);
    await strike(stack, 'everything', rollout.cycle);
    const decided = () =>
      records(stack.home.storeFolder, rollout.cycle).find(({ body: { kind } }) => kind === 'promoted' || kind === 'withdrawn');
    await until('it is decided', decided, { seconds: 150 }); // not when some time is over that was meant for other trouble
    await holdsAfterwards(rollout, decided()!.body.kind);
  });

  test('and the ledger verifies afterwards', async () => {
    const { output } = await stack.cli(['-o', 'json', 'audit', 'verify', MODEL]);
    expect(JSON.parse(output)).toMatchObject([{ problems: [] }]);
  });

  /** One decision, traffic at no time where the ledger did not allow it, and callers who are answered again. */
  async function holdsAfterwards({ cycle }: RolloutUnderWatch, decision: string): Promise<void> {
    await until('nothing bakes', () => records(stack.home.storeFolder).at(-1)!.after.bake === undefined, { everyMs: 50 });
    const answeredBefore = callers.latencies.length;
    await until('callers are answered', () => callers.latencies.length > answeredBefore + 50, { everyMs: 20 });
    expect(watchman.unlawful).toEqual([]);
    expect(watchman.looks()).toBeGreaterThan(10);
    const kinds = records(stack.home.storeFolder, cycle).map(({ body }) => body.kind);
    expect(kinds.filter((kind) => kind === 'promoted' || kind === 'withdrawn')).toEqual([decision]);
  }
});
