import type { TrafficRouter } from '../../ports/traffic-router.js';
import { RatchetError } from '../../domain/failure.js';
import type { RouteApi, RouteKind, RouteObject } from '../kubernetes/route-api.js';
import { createRouteRouter } from '../kubernetes/route-router.js';
import type { Route } from '../../domain/serving.js';
import { belongsTo, httpRouteSpec, splitOfHttpRoute, verdictOfHttpRoute, type HttpRouteSettings } from './http-route.js';

const GATEWAY: RouteKind = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'gateways', kind: 'Gateway' };

export interface GatewayApiTrafficRouterOptions {
  readonly api: RouteApi;
  /** Which gateway a model's route belongs to. @throws {RatchetError} RouterRefused: to none */
  settingsOf(route: Route): HttpRouteSettings;
  /** Where callers ask, where that is one place for all models: `http://host:port`. */
  readonly url?: string;
  readonly settleMsMax?: number;
}

/** Routes of any gateway that speaks the Gateway API: an HTTPRoute per model, in force when its gateway says so. */
export function createGatewayApiTrafficRouter({ api, settingsOf, url, settleMsMax }: GatewayApiTrafficRouterOptions): TrafficRouter {
  return createRouteRouter({
    api,
    ...(url !== undefined && { url }),
    ...(settleMsMax !== undefined && { settleMsMax }),
    dialect: {
      kind: { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'httproutes', kind: 'HTTPRoute' },
      specOf: (route) => httpRouteSpec(route, settingsOf(route)),
      splitOf: ({ spec }, asked) => splitOfHttpRoute(spec, asked, settingsOf(asked)),
      verdictOf: (object, asked) => verdictOfHttpRoute(object, settingsOf(asked)),
      prepare,
    },
  });

  /**
   * A Gateway that is not there has no controller to refuse the route, and the one before would let go of it. Where the route belongs to
   * this Gateway already nothing is asked: a shift, and the way back most of all, do not depend on it.
   */
  async function prepare(route: Route, found: RouteObject | null): Promise<void> {
    const { gateway } = settingsOf(route);
    if (found !== null && belongsTo(found.spec, gateway)) return;
    if ((await api.isThere(GATEWAY, gateway.name, gateway.namespace)) !== false) return;
    const name = gateway.namespace === undefined ? gateway.name : `${gateway.namespace}/${gateway.name}`;
    throw new RatchetError('RouterUnavailable', `route of ${route.model}: expected the Gateway ${name} of its model file, found none`, {
      remedy: 'make it, or correct serving.cluster.router.gateway; nothing was changed',
    });
  }
}
