import { RatchetError } from '../../domain/failure.js';
import { routerKindOf } from '../../domain/serving-cluster.js';
import type { Route } from '../../domain/serving.js';
import type { RouteReading, TrafficRouter } from '../../ports/traffic-router.js';

/** There is no route of that model. */
const nowhere = new Error('no route');

/** A router of the routes of one place. */
export interface PlacedRouter {
  /** null: SageMaker knows none. */
  readonly namespace: string | null;
  readonly kind: ReturnType<typeof routerKindOf>;
  readonly router: TrafficRouter;
}

/**
 * One router of several: a route goes where it says that it lies, and is found wherever it is. Nothing but the routes
 * themselves says where they are, so turning back needs neither ledger nor store. This machine is asked first, which costs
 * nothing and needs no network; where a model's route was found once, it is looked for first.
 */
export function joinTrafficRouters(local: TrafficRouter, placed: readonly PlacedRouter[]): TrafficRouter {
  const known = new Map<string, TrafficRouter>();
  return { url: local.url, shift, hold, read, refresh };

  async function shift(route: Route, signal: AbortSignal): Promise<void> {
    const router = routerFor(route);
    const holder = known.get(route.model) ?? (await find(route.model))?.router ?? router;
    if (holder !== router) throw movedRoute(route, wordsOf(holder), wordsOf(router));
    await router.shift(route, signal);
    known.set(route.model, router);
  }

  /** Where no route is known, or none can be read, it is held here: elsewhere nothing can be. */
  async function hold(model: string, isHeld: boolean, signal: AbortSignal): Promise<void> {
    const router = known.get(model) ?? (await find(model).catch(() => null))?.router ?? local;
    await router.hold(model, isHeld, signal);
  }

  async function read(model: string): Promise<RouteReading | null> {
    const reading = (await known.get(model)?.read(model)) ?? null;
    return reading ?? (await find(model))?.reading ?? null;
  }

  async function refresh(): Promise<void> {
    await Promise.all([local, ...placed.map(({ router }) => router)].map((router) => router.refresh()));
  }

  /** @throws {RatchetError} RouterUnavailable, AccessDenied: where it may lie cannot be asked, and it lies nowhere else */
  async function find(model: string): Promise<{ router: TrafficRouter; reading: RouteReading } | null> {
    known.delete(model);
    const here = await local.read(model);
    if (here !== null) return keep(local, here);
    try {
      // The first that knows it: one that cannot be asked holds up nobody whose route lies elsewhere.
      return await Promise.any(placed.map(({ router }) => ask(router)));
    } catch (error) {
      const failures = (error as AggregateError).errors as Error[];
      const failure = failures.find((reason) => reason !== nowhere);
      if (failure !== undefined) throw failure;
      return null;
    }

    async function ask(router: TrafficRouter) {
      const reading = await router.read(model);
      if (reading === null) throw nowhere;
      return keep(router, reading);
    }

    function keep(router: TrafficRouter, reading: RouteReading) {
      known.set(model, router);
      return { router, reading };
    }
  }

  function routerFor({ model, settings: { place } }: Route): TrafficRouter {
    if (place === undefined) return local;
    const kind = routerKindOf(place);
    const namespace = place.kind === 'sagemaker' ? null : (place.namespace ?? firstNamespace());
    const found = placed.find((one) => one.namespace === namespace && one.kind === kind);
    if (found) return found.router;
    const wanted = inWords({ kind, namespace });
    const has = placed.map(({ kind: one, namespace: where }) => (where === null ? one : `${one} in ${where}`)).join(', ') || 'none';
    throw new RatchetError('RouterRefused', `route of ${model}: serving.cluster asks for ${wanted}, this worker knows ${has}`, {
      remedy:
        place.kind === 'sagemaker'
          ? 'set RATCHET_SAGEMAKER_SERVING_ROLE_ARN in the environment of every worker'
          : 'set RATCHET_KUBERNETES_SERVING_NAMESPACES and RATCHET_KUBERNETES_ROUTERS in the environment of every worker',
    });
  }

  function firstNamespace(): string | null {
    return placed.find(({ namespace }) => namespace !== null)?.namespace ?? null;
  }

  function wordsOf(router: TrafficRouter): string {
    const found = placed.find((one) => one.router === router);
    return found ? inWords(found) : 'the proxy of the worker’s machine';
  }
}

function inWords({ kind, namespace }: Pick<PlacedRouter, 'kind' | 'namespace'>): string {
  return namespace === null ? kind : `${kind} in namespace ${namespace}`;
}

/** Two places cannot divide one model's requests, and the number of a shift is kept in one of them. */
function movedRoute({ model }: Route, found: string, wanted: string): RatchetError {
  return new RatchetError('RouterRefused', `route of ${model}: serving.cluster asks for ${wanted}, and it lies with ${found}`, {
    remedy: 'a model that is served stays where it is: apply the file of before, or serve it elsewhere under another metadata.name',
  });
}
