import { ApplicationFailure, heartbeat } from '@temporalio/activity';
import { RatchetError } from '../../src/domain/failure.js';

interface Hold {
  readonly reached: Promise<void>;
  arrive: () => void;
  readonly released: Promise<void>;
  release: () => void;
  /** After the release: the activity has done what it does. */
  readonly finished: Promise<void>;
  finish: () => void;
}

/** Lets a test stop a model's loop right before an activity, or lose the answer of one that has done its work. */
export function createHolds() {
  const holds = new Map<string, Hold>();
  const releases: (() => void)[] = [];
  const lost = new Map<string, number>();
  const givenUp = new Set<string>();
  return { hold, loseReply, giveUp, releaseAll, wrap };

  /** The next call of that activity for that model waits, once `reached`, until `release`. */
  function hold(model: string, activity: string): Pick<Hold, 'reached' | 'release' | 'finished'> {
    let arrive = (): void => undefined;
    let release = (): void => undefined;
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const reached = new Promise<void>((resolve) => (arrive = resolve));
    const released = new Promise<void>((resolve) => (release = resolve));
    const held = { reached, arrive, released, release, finished, finish };
    holds.set(`${model}/${activity}`, held);
    releases.push(release);
    return held;
  }

  /** The next so many calls do their work, and then fail as if the answer had been lost. */
  function loseReply(model: string, activity: string, calls = 1): void {
    lost.set(`${model}/${activity}`, calls);
  }

  /** The next call does its work, and ends as one does that was asked again for as long as its options allow. */
  function giveUp(model: string, activity: string): void {
    givenUp.add(`${model}/${activity}`);
  }

  function releaseAll(): void {
    for (const release of releases.splice(0)) release();
    holds.clear();
  }

  function wrap<A extends object>(activities: A): A {
    const wrapped: Record<string, unknown> = {};
    for (const [name, activity] of Object.entries(activities) as [string, (...args: unknown[]) => Promise<unknown>][]) {
      wrapped[name] = async (...args: unknown[]) => {
        const key = `${modelOf(args[0])}/${name}`;
        const held = holds.get(key);
        if (held !== undefined) {
          holds.delete(key);
          held.arrive();
          const beating = setInterval(() => heartbeat(), 1000); // it is slow, not dead
          await held.released.finally(() => clearInterval(beating));
        }
        const answer = await activity(...args).finally(() => held?.finish());
        if (givenUp.delete(key)) throw ApplicationFailure.nonRetryable(`${name} was asked again for too long`, 'StoreUnavailable');
        const left = lost.get(key) ?? 0;
        if (left > 0) {
          lost.set(key, left - 1);
          throw new RatchetError('StoreUnavailable', `the answer of ${name} was lost`);
        }
        return answer;
      };
    }
    return wrapped as A;
  }
}

function modelOf(arg: unknown): string {
  return typeof arg === 'object' && arg !== null && 'model' in arg ? String(arg.model) : '';
}
