import type { LedgerState } from '../ledger.js';
import type { Route } from '../serving.js';
import { allowedVersions } from './allowed-versions.js';
import { splitInWords } from './rollout-details.js';
import { sameSplit, type Split } from './traffic-splits.js';

/** What to do about a model's traffic. repair: put what we asked for in force again. champion: everything to the champion. */
export type TrafficRepair =
  | { readonly kind: 'none' }
  | { readonly kind: 'repair'; readonly what: string; readonly byHand: boolean }
  | { readonly kind: 'champion'; readonly what: string };

/**
 * Holds the router against the ledger. Pure. What is in force and equals what was last asked for is ours; anything else was
 * done by hand (or the proxy lost it). What was asked for, but the ledger does not allow, is given to the champion.
 *
 * @param instanceOf the name of a version's instance
 */
export function reconcileTraffic(
  state: LedgerState,
  reading: {
    readonly asked: Route;
    readonly inForce: Split | null;
    readonly isSettling?: boolean;
    readonly before?: Split;
  } | null,
  instanceOf: (cycle: number) => string,
): TrafficRepair {
  if (state.champion === null) return { kind: 'none' };
  if (reading === null) return { kind: 'champion', what: 'no requests are sent anywhere' };
  const unlawful = unlawfulOf(state, reading.asked, instanceOf);
  if (unlawful !== null) return { kind: 'champion', what: unlawful };
  if (reading.isSettling === true) return { kind: 'none' };
  if (reading.inForce === null) return { kind: 'repair', what: 'the proxy does not know the route', byHand: false };
  if (sameSplit(reading.inForce, reading.asked)) return { kind: 'none' };
  const byHand = reading.before === undefined || !sameSplit(reading.inForce, reading.before);
  return { kind: 'repair', what: `expected ${splitInWords(reading.asked)}, found ${splitInWords(reading.inForce)}`, byHand };
}

function unlawfulOf(state: LedgerState, { splits, mirror }: Route, instanceOf: (cycle: number) => string): string | null {
  const allowed = allowedVersions(state).map(({ version, weightPercentMax }) => ({ name: instanceOf(version.cycle), weightPercentMax }));
  const shareOf = (instance: string): number =>
    Math.max(
      -1,
      ...allowed
        .filter(({ name }) => instance === name || instance.startsWith(`${name}-fresh-`))
        .map(({ weightPercentMax }) => weightPercentMax),
    );
  for (const { instance, weightPercent } of splits) {
    if (shareOf(instance) < weightPercent)
      return `${instance} has ${weightPercent}% of the requests, and the ledger allows ${Math.max(0, shareOf(instance))}%`;
  }
  return mirror !== null && shareOf(mirror.instance) < 0 ? `${mirror.instance} gets copies, and the ledger does not allow it` : null;
}
