import { instancesOfRoute } from '../../domain/route-fence.js';
import type { Route } from '../../domain/serving.js';
import type { RouteState } from './route-state.js';

/** What was there before stays reachable beside what is wanted now. */
export function rendered(
  route: Route,
  asked: RouteState['check'],
  wanted: RouteState['addresses'],
  ...earlier: readonly (RouteState | null)[]
): Omit<RouteState, 'before'> {
  const present = earlier.filter((state) => state !== null);
  const check = asked ?? present.find((state) => state.route.settings.jwt)?.check ?? null;
  return { route, check, addresses: Object.assign({}, ...present.map(addressesInForce), wanted) as RouteState['addresses'] };
}

export function withoutBefore(state: RouteState | null): RouteState['before'] {
  return state === null ? null : { route: state.route, check: state.check, addresses: state.addresses };
}

function addressesInForce({ route, addresses }: RouteState): RouteState['addresses'] {
  return Object.fromEntries(instancesOfRoute(route).map((instance) => [instance, addresses[instance] ?? []]));
}
