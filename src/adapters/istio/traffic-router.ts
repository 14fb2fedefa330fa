import { instancesOfRoute } from '../../domain/route-fence.js';
import type { Route } from '../../domain/serving.js';
import type { TrafficRouter } from '../../ports/traffic-router.js';
import { needGateway } from '../kubernetes/need-gateway.js';
import type { RouteApi, RouteKind, RouteObject } from '../kubernetes/route-api.js';
import { kubernetesName, routesIn } from '../kubernetes/route-object.js';
import { createRouteRouter } from '../kubernetes/route-router.js';
import { DESTINATION_RULE, destinationRule } from './destination-rule.js';
import { splitOfVirtualService, virtualServiceSpec, type VirtualServiceSettings } from './virtual-service.js';

const GATEWAY: RouteKind = { group: 'networking.istio.io', version: 'v1', plural: 'gateways', kind: 'Gateway' };

export interface IstioTrafficRouterOptions {
  readonly api: RouteApi;
  /** Where a model's callers come in. @throws {RatchetError} RouterRefused: nowhere */
  settingsOf(route: Route): VirtualServiceSettings;
  /** Where callers ask, where that is one place for all models: `http://host:port`. */
  readonly url?: string;
  readonly settleMsMax?: number;
}

/**
 * Routes of Istio: a VirtualService per model, a DestinationRule per instance. Istio checks a VirtualService while it is
 * written and says nothing after it, so what the API server has is taken for what is in force; the proxies follow within seconds.
 */
export function createIstioTrafficRouter({ api, settingsOf, url, settleMsMax }: IstioTrafficRouterOptions): TrafficRouter {
  return createRouteRouter({
    api,
    ...(url !== undefined && { url }),
    ...(settleMsMax !== undefined && { settleMsMax }),
    dialect: {
      kind: { group: 'networking.istio.io', version: 'v1', plural: 'virtualservices', kind: 'VirtualService' },
      specOf: (route) => virtualServiceSpec(route, settingsOf(route)),
      splitOf: ({ spec }, asked) => splitOfVirtualService(spec, asked, settingsOf(asked)),
      verdictOf: () => ({ kind: 'taken' }),
      async prepare(route, found) {
        await needNewGateways(route, found);
        for (const instance of instancesOfRoute(route)) {
          const service = await api.readService(kubernetesName(instance));
          if (service === null) continue; // gone just now: the route says so
          await api.apply(
            DESTINATION_RULE,
            destinationRule(instance, route, { serviceUid: service.uid, namespace: settingsOf(route).namespace }),
          );
        }
      },
    },
  });

  /** What the route goes through, or went through before, is not asked for: a shift, and the way back most of all, do not depend on it. */
  async function needNewGateways(route: Route, found: RouteObject | null): Promise<void> {
    const { gateways: now = [] } = (found?.spec ?? {}) as { gateways?: readonly string[] };
    const known = [...now, ...routesIn(found).flatMap((each) => settingsOf(each).gateways)];
    for (const gateway of settingsOf(route).gateways) {
      if (gateway === 'mesh' || known.includes(gateway)) continue;
      const [name = '', namespace] = gateway.split('/').reverse();
      const place = namespace === undefined || namespace === '.' ? { name } : { name, namespace };
      await needGateway(api, GATEWAY, { model: route.model, ...place, field: 'serving.cluster.router.gateways' });
    }
  }
}
