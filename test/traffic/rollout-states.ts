import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { challengerPercent, sameSplit } from '../../src/domain/decide/traffic-splits.js';
import type { RouteReading } from '../../src/ports/traffic-router.js';
import { records } from '../chaos/kill-point.js';
import { MODEL } from '../chaos/quick-stack.js';
import { until } from '../chaos/until.js';
import { readRoute } from './lawful-traffic.js';
import type { ServedStack } from './served-stack.js';

/** The states of a rollout that is promoted, in order, as they can be told from outside: the ledger, the router's book, Envoy. */
export const FORWARD_STATES = [
  'its servers start',
  'shifting to shadow',
  'shadow',
  'shifting to canary',
  'canary',
  'paused',
  'shifting to full',
  'full',
  'promoting',
  'baking',
  'settled',
] as const;
export type ForwardState = (typeof FORWARD_STATES)[number];

/** What is known of a rollout before it begins. */
export interface RolloutUnderWatch {
  readonly served: ServedStack;
  readonly cycle: number;
  /** The number of the last shift before it. */
  readonly shiftBefore: number;
}

export async function challengeUnderWatch(served: ServedStack, fault: Readonly<Record<string, number>>): Promise<RolloutUnderWatch> {
  const shiftBefore = (await readRoute(served.home))?.asked.shift ?? 0;
  return { served, cycle: await served.challenge(fault), shiftBefore };
}

/** Waits until the rollout is in this state; a pause is asked for. */
export async function reachState(rollout: RolloutUnderWatch, state: ForwardState): Promise<void> {
  const { served, cycle } = rollout;
  if (state === 'paused') await served.command('pause');
  await until(`${state} of cycle ${cycle}`, () => isInState(rollout, state), { everyMs: state.startsWith('shifting') ? 5 : 20 });
}

/** What was paused goes on. */
export async function leaveState({ served }: RolloutUnderWatch, state: ForwardState): Promise<void> {
  if (state === 'paused') await served.command('resume');
}

async function isInState({ served, cycle, shiftBefore }: RolloutUnderWatch, state: ForwardState): Promise<boolean> {
  const { home } = served;
  const bodies = records(home.storeFolder, cycle).map(({ body }) => body);
  const isExposed = (step: string): boolean => bodies.some((body) => body.kind === 'exposed' && body.step === step);
  switch (state) {
    case 'its servers start':
      return existsSync(join(home.servingFolder, `${MODEL}-${cycle}`, 'spec.json'));
    case 'shifting to shadow':
      return isExposed('0-shadow');
    case 'shadow':
      return inForce(await readRoute(home), ({ asked }) => asked.shift > shiftBefore && asked.mirror !== null);
    case 'shifting to canary':
      return isExposed('1-canary');
    case 'canary':
      return inForce(await readRoute(home), ({ asked }) => challengerPercent(asked) === 40);
    case 'paused':
      return inForce(await readRoute(home), ({ asked }) => [40, 45].includes(challengerPercent(asked)));
    case 'shifting to full':
      return isExposed('3-full');
    case 'full':
      return inForce(await readRoute(home), ({ asked }) => challengerPercent(asked) === 80);
    case 'promoting':
      return bodies.some(({ kind }) => kind === 'promoted');
    case 'baking': {
      const steps = bodies.filter(({ kind }) => kind === 'exposed').length;
      return inForce(await readRoute(home), ({ asked }) => asked.shift > shiftBefore + steps);
    }
    case 'settled':
      return records(home.storeFolder).at(-1)!.after.bake === undefined && bodies.some(({ kind }) => kind === 'cycle-ended');
  }
}

/** Whether what was asked for is so, and is what is looked for. */
function inForce(reading: RouteReading | null, isIt: (reading: RouteReading) => boolean): boolean {
  return reading?.inForce != null && sameSplit(reading.inForce, reading.asked) && isIt(reading);
}

/** Whether what this rollout was given was taken away again, by the router's own book; the record comes after it. */
export async function isTurnedBack({ served, shiftBefore }: RolloutUnderWatch): Promise<boolean> {
  const asked = (await readRoute(served.home))?.asked;
  return asked !== undefined && asked.shift > shiftBefore && asked.mirror === null && asked.splits.every(({ arm }) => arm === 'champion');
}
