import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { describeTrafficRouter } from '../../contracts/traffic-router.js';
import type { TestIstio } from '../../servers/istio.js';
import { testControlPlaneAway } from './away.js';
import { testGatewayWords } from './gateway-words.js';
import { testInstanceLimits } from './instance-limits.js';
import { testMeshTraffic } from './mesh-traffic.js';
import { openMesh, openMeshRoutes } from './open-mesh.js';
import { routers, untilTaken } from './routers.js';

const kubernetes = inject('kubernetes');
const isBuilt = kubernetes !== null && kubernetes.istio !== null;

describe.skipIf(!isBuilt)('requests through a real Envoy that Istio’s control plane directs (skipped where it was not built)', () => {
  let istio: TestIstio | undefined;
  const home = mkdtempSync(join(tmpdir(), 'ratchet-istio-'));

  beforeAll(async () => {
    istio = await openMesh(kubernetes!, kubernetes!.istio!, home);
  });
  afterAll(async () => {
    await istio?.kill();
    rmSync(home, { recursive: true, force: true });
  });

  async function open(name: keyof typeof routers) {
    const { rights, make } = routers[name];
    const routes = await openMeshRoutes('mesh-routes', kubernetes!, istio!, rights);
    return { ...routes, router: untilTaken(make(routes), routes), instances: ['m-1', 'm-2'] as const };
  }

  describe.each(['Gateway API', 'Istio'] as const)('%s before a real proxy', (name) => {
    describeTrafficRouter(name, () => open(name));
    testMeshTraffic(() => open(name));
  });
  testGatewayWords(() => open('Gateway API'));
  testInstanceLimits(() => open('Istio'));
  testControlPlaneAway(open, () => istio!);
});
