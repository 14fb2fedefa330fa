import { instancesOfRoute } from '../../domain/route-fence.js';
import type { Route } from '../../domain/serving.js';
import type { TrafficRouter } from '../../ports/traffic-router.js';
import type { RouteApi } from '../kubernetes/route-api.js';
import { kubernetesName } from '../kubernetes/route-object.js';
import { createRouteRouter } from '../kubernetes/route-router.js';
import { DESTINATION_RULE, destinationRule } from './destination-rule.js';
import { splitOfVirtualService, virtualServiceSpec, type VirtualServiceSettings } from './virtual-service.js';

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
      async prepare(route) {
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
}
