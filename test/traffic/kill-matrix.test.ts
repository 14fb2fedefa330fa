import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { records } from '../chaos/kill-point.js';
import { kill, MODEL } from '../chaos/quick-stack.js';
import { until } from '../chaos/until.js';
import { isTakenBack, watchTraffic, type TrafficWatchman } from './lawful-traffic.js';
import { QUICKER, startServedStack, type ServedStack } from './served-stack.js';

const VICTIMS = [
  'the worker',
  'Temporal',
  'Envoy',
  'the serving host',
  'the challenger’s server',
  'the champion’s server',
  'everything',
] as const;
type Victim = (typeof VICTIMS)[number];
const MOMENTS = ['its servers start', 'shadow', 'canary', 'full', 'promoted', 'turning back'] as const;
type Moment = (typeof MOMENTS)[number];

/** The worker, which alone decides, and everything at once, at every moment; the others where they carry traffic. */
const CASES: readonly (readonly [Victim, Moment])[] = [
  ...MOMENTS.map((moment) => ['the worker', moment] as const),
  ['everything', 'canary'],
  ['everything', 'turning back'],
  ['Temporal', 'canary'],
  ['Temporal', 'turning back'],
  ['Envoy', 'shadow'],
  ['Envoy', 'full'],
  ['the serving host', 'its servers start'],
  ['the challenger’s server', 'canary'],
  ['the champion’s server', 'promoted'],
];

describe('kill -9 in every state of a rollout', () => {
  let stack: ServedStack;
  let watchman: TrafficWatchman;
  beforeAll(async () => {
    stack = await startServedStack(QUICKER);
  });
  afterAll(async () => stack?.stop());
  beforeEach(() => (watchman = watchTraffic(stack.stack)));
  afterEach(() => watchman.stop());

  test.for(CASES)('of %s at: %s', async ([victim, moment]) => {
    const callers = stack.callers(4);
    const cycle = await stack.challenge(moment === 'turning back' ? { error_share: 0.6 } : {});
    await until(`${moment} of cycle ${cycle}`, () => isReached(stack, moment, cycle), { everyMs: 10 });
    await strike(stack, victim, cycle);
    const outcome = await stack.outcomeOf(cycle);
    // A challenger whose server was killed may be turned back for it; nothing else may be lost.
    if (moment === 'turning back') expect(outcome).toBe('rejected');
    else if (victim !== 'the challenger’s server' && victim !== 'everything') expect(outcome).toBe('promoted');
    await until(`nothing bakes after ${victim} at ${moment}`, () => records(stack.home.storeFolder).at(-1)!.after.bake === undefined, {
      everyMs: 50,
    });
    await callers.stop();
    expect(watchman.unlawful).toEqual([]);
    expect(watchman.looks()).toBeGreaterThan(10);
    const kinds = records(stack.home.storeFolder, cycle).map(({ body }) => body.kind);
    expect(kinds.filter((kind) => kind === 'promoted' || kind === 'withdrawn')).toHaveLength(1);
  });

  test('and the ledger verifies afterwards', async () => {
    const { output } = await stack.cli(['-o', 'json', 'audit', 'verify', MODEL]);
    expect(JSON.parse(output)).toMatchObject([{ problems: [] }]);
  });
});

async function isReached({ home, stack }: ServedStack, moment: Moment, cycle: number): Promise<boolean> {
  if (moment === 'its servers start') return existsSync(join(home.servingFolder, `${MODEL}-${cycle}`, 'spec.json'));
  const bodies = records(home.storeFolder, cycle).map(({ body }) => body);
  if (moment === 'promoted') return bodies.some(({ kind }) => kind === 'promoted');
  if (moment === 'turning back') return bodies.some(({ kind }) => kind === 'exposed') && (await isTakenBack(stack));
  return bodies.some((body) => body.kind === 'exposed' && body.step.endsWith(moment));
}

async function strike(served: ServedStack, victim: Victim, cycle: number): Promise<void> {
  const { stack } = served;
  if (victim === 'everything') return stack.killAll();
  const { worker, temporal, traffic } = stack.endpoints();
  const champion = records(stack.home.storeFolder).at(-1)!.after.champion!.cycle;
  const pids = {
    'the worker': () => worker.process?.pid,
    Temporal: () => temporal.process?.pid,
    Envoy: () => traffic?.process?.pid,
    'the serving host': () => traffic?.servingHost?.pid,
    'the challenger’s server': () => serverOf(served, cycle),
    'the champion’s server': () => serverOf(served, champion),
  }[victim]();
  if (pids !== undefined) kill(pids);
}

function serverOf({ home }: ServedStack, cycle: number): number | undefined {
  const state = JSON.parse(readFileSync(join(home.servingFolder, `${MODEL}-${cycle}`, 'state.json'), 'utf8')) as {
    replicas: { process: { pid: number } | null }[];
  };
  return state.replicas[0]?.process?.pid;
}
