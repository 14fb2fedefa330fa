import { digestOf } from './digest.js';
import { RatchetError } from './failure.js';
import { Route } from './serving.js';

/** Before anything is written: what the fence could not read again would bar all later shifts. @throws {RatchetError} RouterRefused */
export function refuseInvalidRoute(route: Route): void {
  const { model, splits } = route;
  const { error } = Route.safeParse(route);
  if (error) {
    const [issue] = error.issues;
    throw new RatchetError('RouterRefused', `route of ${model}: ${issue?.path.join('.')}: ${issue?.message}`, { cause: error });
  }
  const sum = splits.reduce((total, { weightPercent }) => total + weightPercent, 0);
  if (sum !== 100) throw new RatchetError('RouterRefused', `route of ${model}: expected weights that sum to 100, found ${sum}`);
}

/** A number only rises, and stands for one route. @throws {RatchetError} ShiftStale */
export function refuseStaleShift(inForce: Route, route: Route): void {
  if (route.shift > inForce.shift || (route.shift === inForce.shift && isSameRoute(inForce, route))) return;
  throw staleShift(route, route.shift < inForce.shift ? `${inForce.shift} in force` : 'this number in force with another route');
}

export function staleShift({ model, shift }: Route, found: string): RatchetError {
  return new RatchetError('ShiftStale', `route of ${model}: expected shift ${shift} to be the newest, found ${found}`, {
    remedy: 'read the route again: somebody else has shifted meanwhile',
  });
}

/** For routers that have no word for refusing all requests. @throws {RatchetError} RouterRefused */
export function refuseHold(model: string, isHeld: boolean, by: string): void {
  if (!isHeld) return; // nothing is held there
  throw new RatchetError('RouterRefused', `route of ${model}: expected a router that can refuse all requests, found ${by}`, {
    remedy: `\`ratchet rollback ${model}\` turns back to an earlier version; take the route away in the cluster where none may answer`,
  });
}

/** Whether two routes ask for the same. */
export function isSameRoute(left: Route, right: Route): boolean {
  const asked = (route: Route): string => digestOf(JSON.parse(JSON.stringify(route)));
  return asked(left) === asked(right);
}

/** All instances that get requests or copies of them, once each. */
export function instancesOfRoute({ splits, mirror }: Pick<Route, 'splits' | 'mirror'>): string[] {
  return [...new Set([...splits.map(({ instance }) => instance), ...(mirror ? [mirror.instance] : [])])];
}
