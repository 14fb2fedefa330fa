import type { TrafficRouter } from '../../ports/traffic-router.js';
import type { RouteApi } from '../kubernetes/route-api.js';
import { createRouteRouter } from '../kubernetes/route-router.js';
import type { Route } from '../../domain/serving.js';
import { httpRouteSpec, splitOfHttpRoute, verdictOfHttpRoute, type HttpRouteSettings } from './http-route.js';

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
    },
  });
}
