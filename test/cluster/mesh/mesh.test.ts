import { describe } from 'vitest';
import { describeTrafficRouter } from '../../contracts/traffic-router.js';
import { testControlPlaneAway } from './away.js';
import { describeOnMesh } from './describe-on-mesh.js';
import { testGatewayWords } from './gateway-words.js';
import { testInstanceLimits } from './instance-limits.js';
import { testMeshTraffic } from './mesh-traffic.js';
import { openMeshRoutes } from './open-mesh.js';
import { routers, untilTaken } from './routers.js';

describeOnMesh('requests through a real Envoy that Istio’s control plane directs', ({ kubernetes, istio }) => {
  async function open(name: keyof typeof routers) {
    const { rights, make } = routers[name];
    const routes = await openMeshRoutes('mesh-routes', kubernetes, istio(), rights);
    return { ...routes, router: untilTaken(make(routes), routes), instances: ['m-1', 'm-2'] as const };
  }

  describe.each(['Gateway API', 'Istio'] as const)('%s before a real proxy', (name) => {
    describeTrafficRouter(name, () => open(name));
    testMeshTraffic(() => open(name));
  });
  testGatewayWords(() => open('Gateway API'));
  testInstanceLimits(() => open('Istio'));
  testControlPlaneAway(open, istio);
});
