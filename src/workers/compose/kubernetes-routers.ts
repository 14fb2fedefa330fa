import { createArgoRolloutsTrafficRouter } from '../../adapters/argo-rollouts/traffic-router.js';
import { createGatewayApiTrafficRouter } from '../../adapters/gateway-api/traffic-router.js';
import { createIstioTrafficRouter } from '../../adapters/istio/traffic-router.js';
import { loadKubeConfig } from '../../adapters/kubernetes/kube-config.js';
import { createRouteApi } from '../../adapters/kubernetes/route-api.js';
import type { RouteApi } from '../../adapters/kubernetes/route-api.js';
import type { WorkerConfig } from '../../config/worker-config.js';
import { SERVING_PORT } from '../../domain/kubernetes-servers.js';
import { RatchetError } from '../../domain/failure.js';
import type { KubernetesRouter } from '../../domain/serving-cluster.js';
import type { Route } from '../../domain/serving.js';
import type { TrafficRouter } from '../../ports/traffic-router.js';
import type { PlacedRouter } from './traffic-routers.js';

type RouterOf<Kind extends KubernetesRouter['kind']> = Extract<KubernetesRouter, { kind: Kind }>;

interface RouterPlace {
  readonly api: RouteApi;
  readonly namespace: string;
}

/** What a gateway has not taken by then is said before the activity that waits for it is given up (10 s). */
const SETTLE_MS_MAX = 8000;

const open: Record<KubernetesRouter['kind'], (place: RouterPlace) => TrafficRouter> = {
  'gateway-api': ({ api }) =>
    createGatewayApiTrafficRouter({
      api,
      settleMsMax: SETTLE_MS_MAX,
      settingsOf: (route) => ({ ...routerIn(route, 'gateway-api'), servicePort: SERVING_PORT }),
    }),
  istio: ({ api, namespace }) =>
    createIstioTrafficRouter({
      api,
      settleMsMax: SETTLE_MS_MAX,
      settingsOf: (route) => ({ ...routerIn(route, 'istio'), namespace, servicePort: SERVING_PORT }),
    }),
  'argo-rollouts': ({ api, namespace }) =>
    createArgoRolloutsTrafficRouter({
      api,
      settleMsMax: SETTLE_MS_MAX,
      settingsOf: (route) => ({ ...routerIn(route, 'argo-rollouts'), namespace, servicePort: SERVING_PORT }),
    }),
};

/** Where the worker was told of namespaces to serve in. Nothing is asked of the cluster before the first route. */
export function openKubernetesRouters({ kubernetesServing }: Pick<WorkerConfig, 'kubernetesServing'>): PlacedRouter[] {
  if (kubernetesServing === null) return [];
  const { namespaces, routers, kubeconfig } = kubernetesServing;
  const kubeConfig = loadKubeConfig(kubeconfig);
  return namespaces.flatMap((namespace) => {
    const place = { api: createRouteApi(kubeConfig, namespace), namespace };
    return routers.map((kind) => ({ namespace, kind, router: open[kind](place) }));
  });
}

/** @throws {RatchetError} RouterRefused: the object in the cluster holds the route of another kind of router */
function routerIn<Kind extends KubernetesRouter['kind']>({ model, settings: { place } }: Route, kind: Kind): RouterOf<Kind> {
  const router = place?.kind === 'kubernetes' ? place.router : undefined;
  if (router?.kind === kind) return router as RouterOf<Kind>;
  throw new RatchetError(
    'RouterRefused',
    `route of ${model}: expected one by ${kind}, found ${router?.kind ?? 'none that says where it lies'}`,
  );
}
