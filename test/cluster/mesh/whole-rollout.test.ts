import { describe } from 'vitest';
import type { KubernetesRouter } from '../../../src/domain/serving-cluster.js';
import { testWholeRollout } from '../routes/whole-rollout.js';
import { describeOnMesh } from './describe-on-mesh.js';
import { followPods } from './follow-pods.js';
import { openMeshGateway } from './open-mesh.js';
import { routeInProxy } from './proxy-routes.js';
import { routers } from './routers.js';

describeOnMesh('rollouts through a real Envoy that Istio’s control plane directs', ({ kubernetes, istio }) => {
  describe.each<[keyof typeof routers, (namespace: string) => KubernetesRouter, 'gatewayApiUrl' | 'istioUrl']>([
    ['Gateway API', () => ({ kind: 'gateway-api', gateway: { name: 'public' } }), 'gatewayApiUrl'],
    ['Istio', (namespace) => ({ kind: 'istio', gateways: [`${namespace}/public`], hosts: ['*'] }), 'istioUrl'],
  ])('by the router %s', (name, router, url) => {
    testWholeRollout({
      rights: routers[name].rights,
      router,
      edits: [],
      async openGateway(namespace) {
        const gateway = await openMeshGateway(kubernetes, istio(), namespace);
        followPods(kubernetes, namespace);
        return { url: gateway[url], split: async (model) => (await routeInProxy(gateway.adminUrl, model))?.weights ?? {} };
      },
    });
  });
});
