import { readFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RatchetError } from '../../domain/failure.js';
import type { Route } from '../../domain/serving.js';
import type { RouteReading, TrafficRouter } from '../../ports/traffic-router.js';
import { readProxyConfig, type ProxyConfig } from './envoy-admin.js';
import { renderConfig, type StoredRoute } from './render-config.js';
import { routeFiles } from './route-files.js';

export interface EnvoyTrafficRouterOptions {
  /** Watched by the proxy. */
  readonly folder: string;
  readonly port: number;
  readonly adminUrl: string;
  /** host:port of an instance's replicas; empty: it does not run. */
  readonly addressesOf: (instance: string) => Promise<readonly string[]>;
}

const IN_FORCE_MS_MAX = 5000;
const LOOK_MS = 10;

/** Routes as files that Envoy follows; what it says of itself is what counts. */
export function createEnvoyTrafficRouter({ folder, port, adminUrl, addressesOf }: EnvoyTrafficRouterOptions): TrafficRouter {
  const files = routeFiles(folder);
  let turn: Promise<unknown> = Promise.resolve();
  return { url: `http://127.0.0.1:${port}`, shift, read };

  async function shift(route: Route, signal: AbortSignal): Promise<void> {
    refuseWrong(route);
    const stored = await resolve(route);
    const mine = turn.then(
      () => files.exclusively(() => put(stored, signal)),
      () => files.exclusively(() => put(stored, signal)),
    );
    turn = mine;
    return mine;
  }

  async function put(stored: StoredRoute, signal: AbortSignal): Promise<void> {
    const { route } = stored;
    const before = await files.read(route.model);
    refuseStale(route, before?.route ?? null);
    const others = (await files.readAll()).filter(({ route: other }) => other.model !== route.model);
    // What is left without requests still answers those under way.
    const draining = before === null ? stored : { ...stored, addresses: { ...before.addresses, ...stored.addresses } };
    // Written before the proxy is asked: where it is away, its next start serves this.
    await files.write(stored);
    const startedMs = Date.now();
    const version = randomUUID();
    await files.writeForProxy(renderConfig([...others, draining], { folder, port, version }));
    try {
      await waitUntilInForce(route, version, startedMs, signal);
    } catch (error) {
      if (!(error instanceof RatchetError) || error.type !== 'RouterRefused') throw error;
      if (before === null) await files.forget(route.model);
      else await files.write(before);
      await files.writeForProxy(renderConfig([...others, ...(before === null ? [] : [before])], { folder, port, version: randomUUID() }));
      throw error;
    }
  }

  async function waitUntilInForce(route: Route, version: string, startedMs: number, signal: AbortSignal): Promise<void> {
    for (const untilMs = performance.now() + IN_FORCE_MS_MAX; ;) {
      const config = await readProxyConfig(adminUrl);
      if (config.routesVersion === version && isInForce(config, route) && config.listenerVersion !== null) return;
      if (config.refusal !== null && config.refusal.atMs >= startedMs - 5) {
        throw new RatchetError(
          'RouterRefused',
          `route of ${route.model}, shift ${route.shift}: the proxy refuses it: ${config.refusal.words.slice(0, 1000)}`,
          {
            remedy: 'the old route stays in force: mend `serving` in the model file',
          },
        );
      }
      if (performance.now() > untilMs) {
        throw new RatchetError(
          'RouterUnavailable',
          `route of ${route.model}, shift ${route.shift}: not in force ${IN_FORCE_MS_MAX / 1000} s after it was written`,
        );
      }
      signal.throwIfAborted();
      await sleep(LOOK_MS);
    }
  }

  async function read(model: string): Promise<RouteReading | null> {
    const stored = await files.read(model);
    if (stored === null) return null;
    const config = await readProxyConfig(adminUrl).catch(() => null);
    return { asked: stored.route, inForce: config?.routes.get(model) ?? null };
  }

  async function resolve(route: Route): Promise<StoredRoute> {
    const instances = [...route.splits.map(({ instance }) => instance), ...(route.mirror === null ? [] : [route.mirror.instance])];
    const addresses: Record<string, readonly string[]> = {};
    for (const instance of new Set(instances)) {
      const found = await addressesOf(instance);
      if (found.length === 0)
        throw new RatchetError('RouterUnavailable', `route of ${route.model}: instance ${instance} has no address: it does not run`);
      addresses[instance] = found;
    }
    const { jwt } = route.settings;
    const jwks = jwt === undefined ? null : await readFile(jwt.jwksFile, 'utf8').catch(() => null);
    if (jwt !== undefined && jwks === null) {
      throw new RatchetError(
        'RouterRefused',
        `route of ${route.model}, field serving.jwt.jwksFile: expected a file with public keys, found none at ${jwt.jwksFile}`,
      );
    }
    return { route, addresses, jwks };
  }
}

function refuseWrong({ model, shift, splits }: Route): void {
  const total = splits.reduce((sum, { weightPercent }) => sum + weightPercent, 0);
  if (total !== 100)
    throw new RatchetError('RouterRefused', `route of ${model}, shift ${shift}: expected weights that sum to 100, found ${total}`);
}

function refuseStale(route: Route, before: Route | null): void {
  if (before === null || route.shift > before.shift) return;
  const isSame = route.shift === before.shift && JSON.stringify(sortKeys(route)) === JSON.stringify(sortKeys(before));
  if (!isSame)
    throw new RatchetError('ShiftStale', `route of ${route.model}: expected a shift after ${before.shift}, found ${route.shift}`);
}

function isInForce(config: ProxyConfig, { model, splits, mirror }: Route): boolean {
  const found = config.routes.get(model);
  if (found === undefined || (found.mirror?.instance ?? null) !== (mirror?.instance ?? null)) return false;
  const inWords = (list: Route['splits']): string =>
    list
      .map(({ instance, weightPercent }) => `${instance}=${weightPercent}`)
      .sort()
      .join();
  return inWords(found.splits) === inWords(splits) && splits.every(({ instance }) => config.clusters.has(instance));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
