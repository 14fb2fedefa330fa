import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import type { KubernetesRouter } from '../../../src/domain/serving-cluster.js';
import type { TestIstio } from '../../servers/istio.js';
import { testWholeRollout } from '../routes/whole-rollout.js';
import { followPods } from './follow-pods.js';
import { openMesh, openMeshGateway } from './open-mesh.js';
import { routeInProxy } from './proxy-routes.js';
import { routers } from './routers.js';

const kubernetes = inject('kubernetes');
const isBuilt = kubernetes !== null && kubernetes.istio !== null;

describe.skipIf(!isBuilt)('rollouts through a real Envoy that Istio’s control plane directs (skipped where it was not built)', () => {
  let istio: TestIstio | undefined;
  const home = mkdtempSync(join(tmpdir(), 'ratchet-istio-'));

  beforeAll(async () => {
    istio = await openMesh(kubernetes!, kubernetes!.istio!, home);
  });
  afterAll(async () => {
    await istio?.kill();
    rmSync(home, { recursive: true, force: true });
  });

  describe.each<[keyof typeof routers, (namespace: string) => KubernetesRouter, 'gatewayApiUrl' | 'istioUrl']>([
    ['Gateway API', () => ({ kind: 'gateway-api', gateway: { name: 'public' } }), 'gatewayApiUrl'],
    ['Istio', (namespace) => ({ kind: 'istio', gateways: [`${namespace}/public`], hosts: ['*'] }), 'istioUrl'],
  ])('by the router %s', (name, router, url) => {
    testWholeRollout({
      rights: routers[name].rights,
      router,
      edits: [],
      async openGateway(namespace) {
        const gateway = await openMeshGateway(kubernetes!, istio!, namespace);
        followPods(kubernetes!, namespace);
        return { url: gateway[url], split: async (model) => (await routeInProxy(gateway.adminUrl, model))?.weights ?? {} };
      },
    });
  });
});
