import { z } from 'zod';
import type { TrafficRouter } from '../../ports/traffic-router.js';
import { RatchetError } from '../../domain/failure.js';
import { needGateway } from '../kubernetes/need-gateway.js';
import type { RouteApi, RouteKind, RouteObject } from '../kubernetes/route-api.js';
import { routesIn } from '../kubernetes/route-object.js';
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
   * A Gateway that is not there, or that no controller has looked at, refuses no route, and the one before would let go of it. Where the
   * route belongs to this Gateway, or did so before, nothing is asked: a shift, and the way back most of all, do not depend on it.
   */
  async function prepare(route: Route, found: RouteObject | null): Promise<void> {
    const { gateway } = settingsOf(route);
    const known = routesIn(found).map((each) => ({ parentRefs: [settingsOf(each).gateway] }));
    if ([...known, found?.spec ?? {}].some((spec) => belongsTo(spec, gateway))) return;
    const field = 'serving.cluster.router.gateway';
    const there = await needGateway(api, GATEWAY, { model: route.model, ...gateway, field });
    if (there === null || !isUnseen(there)) return;
    throw new RatchetError(
      'RouterUnavailable',
      `route of ${route.model}: expected a controller that serves the Gateway ${gateway.name}, found that none has looked at it`,
      { remedy: `look for the controller of its class (kubectl get gatewayclass), or correct ${field}; nothing was changed` },
    );
  }
}

const Looked = z.object({
  conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: z.string() })),
});

/** What the API server writes into a new Gateway still stands there. */
function isUnseen({ status }: RouteObject): boolean {
  const parsed = Looked.safeParse(status);
  const accepted = parsed.success ? parsed.data.conditions.find(({ type }) => type === 'Accepted') : undefined;
  return accepted?.status === 'Unknown' && accepted.reason === 'Pending';
}
