import { setTimeout as sleep } from 'node:timers/promises';
import { RatchetError } from '../../domain/failure.js';
import { instancesOfRoute, isSameRoute, refuseHold, refuseInvalidRoute, refuseStaleShift, staleShift } from '../../domain/route-fence.js';
import type { Route } from '../../domain/serving.js';
import type { RouteReading, TrafficRouter } from '../../ports/traffic-router.js';
import type { RouteApi, RouteObject } from './route-api.js';
import type { RouteDialect, Verdict } from './route-dialect.js';
import { askedIn, beforeIn, kubernetesName, refuseForeign, routeMetadata } from './route-object.js';

export interface RouteRouterOptions {
  readonly api: RouteApi;
  readonly dialect: RouteDialect;
  /** Where callers ask, where that is one place for all models. */
  readonly url?: string;
  /** So long a gateway may take to say what it makes of a route. */
  readonly settleMsMax?: number;
}

const LOOK_MS = 100;

/**
 * Routes as objects of Kubernetes. The number of the shift and all that was asked for are in the object itself, and each write
 * names the version that it read: one that stood still meanwhile is refused by the API server and finds the newer number.
 */
export function createRouteRouter({ api, dialect, url = '', settleMsMax = 30_000 }: RouteRouterOptions): TrafficRouter {
  const { kind } = dialect;
  const read = (model: string): Promise<RouteObject | null> => api.read(kind, kubernetesName(model));
  const hold = async (model: string, isHeld: boolean): Promise<void> => refuseHold(model, isHeld, kind.kind);
  return { url, shift, hold, read: readRoute, refresh: () => Promise.resolve() }; // Services follow their pods by themselves

  async function shift(route: Route, signal: AbortSignal): Promise<void> {
    refuseInvalidRoute(route);
    await refuseUnknownInstances(route);
    for (;;) {
      signal.throwIfAborted();
      const found = await read(route.model);
      const asked = found && askedIn(found);
      if (asked) refuseStaleShift(asked, route);
      else if (found) refuseForeign(route.model, found);
      const spec = await dialect.specOf(route, found);
      await dialect.prepare?.(route, found);
      const before = found && asked && isSameRoute(asked, route) ? beforeIn(found) : asked;
      const written = await write(found, { route, before, spec });
      if (written !== null) return settle(written, route, before, signal);
    }
  }

  /** null: somebody else wrote meanwhile. */
  async function write(
    found: RouteObject | null,
    wanted: { route: Route; before: Route | null; spec: object },
  ): Promise<RouteObject | null> {
    const metadata = routeMetadata(wanted.route, wanted.before);
    const object = { apiVersion: `${kind.group}/${kind.version}`, kind: kind.kind, metadata, spec: wanted.spec };
    if (found === null) return api.create(kind, object);
    return api.apply(kind, { ...object, metadata: { ...metadata, resourceVersion: found.metadata.resourceVersion! } });
  }

  async function settle(written: RouteObject, route: Route, before: Route | null, signal: AbortSignal): Promise<void> {
    const untilMs = performance.now() + settleMsMax;
    let refusedMs: number | null = null;
    for (let found: RouteObject | null = written; ; found = await read(route.model)) {
      if (found === null)
        throw new RatchetError('RouterUnavailable', `route of ${route.model}: somebody removed its ${kind.kind} just now`);
      const asked = askedIn(found);
      if (asked && asked.shift > route.shift) throw staleShift(route, `${asked.shift}`);
      const verdict = dialect.verdictOf(found, route);
      if (isTaken(verdict) && (await isAsAsked(found, route))) return;
      if (verdict.kind === 'refused' || verdict.kind === 'stopped') {
        refusedMs ??= performance.now();
        if (performance.now() - refusedMs >= (dialect.refusalMsMin ?? 0)) {
          await goBack(route, before);
          throw new RatchetError('RouterRefused', `route of ${route.model}: ${verdict.words}`);
        }
      } else refusedMs = null;
      if (performance.now() > untilMs) throw unsettled(found, route, verdict);
      if (await dialect.isAtNextStage?.(found, route)) await writeNext(found, route, before);
      await sleep(LOOK_MS, undefined, { signal });
    }
  }

  /** Where somebody else wrote meanwhile, the next look says what there is to do. */
  async function writeNext(found: RouteObject, route: Route, before: Route | null): Promise<void> {
    const spec = await dialect.specOf(route, found);
    await dialect.prepare?.(route, found);
    await write(found, { route, before, spec });
  }

  function unsettled({ metadata }: RouteObject, { model }: Route, { kind: is, words }: Verdict): RatchetError {
    const why = words ?? (is === 'taken' ? 'somebody else has changed it' : 'no gateway has said so');
    return new RatchetError(
      'RouterUnavailable',
      `route of ${model}: expected its ${kind.kind} ${metadata.name} to be in force within ${settleMsMax / 1000} s, found that ${why}`,
    );
  }

  /** Unless another one is there meanwhile: that one asks for itself. */
  async function goBack(refused: Route, before: Route | null): Promise<void> {
    for (;;) {
      const found = await read(refused.model);
      const asked = found && askedIn(found);
      if (!found || !asked || !isSameRoute(asked, refused)) return;
      if (before !== null) await dialect.prepare?.(before, found);
      const isBack =
        before === null
          ? await api.remove(kind, found)
          : (await write(found, { route: before, before: null, spec: await dialect.specOf(before, found) })) !== null;
      if (isBack) return;
    }
  }

  async function refuseUnknownInstances(route: Route): Promise<void> {
    for (const instance of instancesOfRoute(route)) {
      if ((await api.readService(kubernetesName(instance))) !== null) continue;
      throw new RatchetError('RouterUnavailable', `route of ${route.model}: expected a Service of instance ${instance}, found none`);
    }
  }

  async function readRoute(model: string): Promise<RouteReading | null> {
    const found = await read(model);
    const asked = found && askedIn(found);
    if (!found || !asked) return null;
    const inForce = isTaken(dialect.verdictOf(found, asked)) ? await dialect.splitOf(found, asked) : null;
    return { asked, inForce, isHeld: false };
  }

  async function isAsAsked(found: RouteObject, route: Route): Promise<boolean> {
    const asked = askedIn(found);
    const split = await dialect.splitOf(found, route);
    return asked !== null && split !== null && isSameRoute(asked, route) && isSameRoute({ ...route, ...split }, route);
  }
}

function isTaken({ kind }: Verdict): boolean {
  return kind === 'taken' || kind === 'stopped';
}
