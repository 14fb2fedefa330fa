import { beforeAll, describe, inject } from 'vitest';
import { loadKubeConfig } from '../../src/adapters/kubernetes/kube-config.js';
import { gateway } from './mesh/mesh-objects.js';
import { acceptGateway, startGatewayController } from './routes/gateway-controller.js';
import { installDefinitions } from './routes/install-definitions.js';
import { applyObjects, objectsIn } from './routes/open-routes.js';
import { openPlayedGateway } from './routes/played-gateway.js';
import { testWholeRollout } from './routes/whole-rollout.js';

const kubernetes = inject('kubernetes');

// Where Istio was built, its own proxy is rolled out through: test/cluster/mesh/whole-rollout.test.ts.
const isPlayed = kubernetes !== null && kubernetes.istio === null;

describe.skipIf(!isPlayed)(
  'rollouts through an HTTPRoute (skipped where no control plane was built, or where Istio was built, too)',
  () => {
    beforeAll(() => installDefinitions(kubernetes!, 'Gateway API'));

    testWholeRollout({
      rights: 'gateway-api-rbac.yaml',
      router: () => ({ kind: 'gateway-api', gateway: { name: 'public' } }),
      edits: [],
      async openGateway(namespace) {
        await applyObjects(kubernetes!, [gateway('public', namespace, 8080)]);
        await acceptGateway(objectsIn(loadKubeConfig(kubernetes!.kubeconfig), namespace), 'public');
        return openPlayedGateway(
          {
            kubeconfig: kubernetes!.kubeconfig,
            follow: (objects) => startGatewayController(objects).rules,
            selectorOf: async (service) => `ratchet.dev/instance=${service}`, // as its version is called
          },
          namespace,
        );
      },
    });
  },
);
