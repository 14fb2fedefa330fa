import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { describeTrafficRouter } from '../contracts/traffic-router.js';
import { startTestArgoRollouts, type TestArgoRollouts } from '../servers/argo-rollouts.js';
import { installDefinitions } from './routes/install-definitions.js';
import { openArgoRollouts, selectorOfService } from './routes/open-argo-rollouts.js';
import { openPlayedGateway } from './routes/played-gateway.js';
import { testRolloutEdits } from './routes/rollout-edits.js';
import { testRolloutFaults } from './routes/rollout-faults.js';
import { testRolloutWays } from './routes/rollout-ways.js';
import { describeRouteFence } from './routes/route-objects.js';
import { rulesOfMesh } from './routes/virtual-services.js';
import { testWholeRollout } from './routes/whole-rollout.js';

const kubernetes = inject('kubernetes');
const isBuilt = kubernetes !== null && kubernetes.argoRollouts !== null;
const open = () => openArgoRollouts(kubernetes!);

describe.skipIf(!isBuilt)('Rollouts driven beside the real controller of Argo Rollouts (skipped where it was not built)', () => {
  let controller: TestArgoRollouts | undefined;
  const home = mkdtempSync(join(tmpdir(), 'ratchet-argo-rollouts-'));

  beforeAll(async () => {
    await installDefinitions(kubernetes!, 'Istio', 'Argo Rollouts');
    controller = await startTestArgoRollouts(kubernetes!.argoRollouts!, kubernetes!.kubeconfig, home);
  });

  afterAll(async () => {
    await controller?.kill();
    rmSync(home, { recursive: true, force: true });
  });

  describeTrafficRouter('Argo Rollouts', open, { canMirror: false });
  describeRouteFence({ group: 'argoproj.io', plural: 'rollouts' }, open);
  testRolloutWays(open);
  testRolloutEdits(open);
  testRolloutFaults(open, () => controller!);
  describe('whole rollouts', () => {
    testWholeRollout({
      rights: 'argo-rollouts-rbac.yaml',
      router: () => ({ kind: 'argo-rollouts', gateways: ['istio-system/public'], hosts: ['*'] }),
      edits: [
        ['      - { kind: shadow, bakeSeconds: 1, bakeSecondsMax: 400 }\n', ''],
        ['    windowSeconds: 0.5\n', '    baseline: champion\n    windowSeconds: 0.5\n'],
      ],
      openGateway: (namespace) => {
        const { kubeconfig } = kubernetes!;
        return openPlayedGateway({ kubeconfig, follow: (objects) => () => rulesOfMesh(objects), selectorOf: selectorOfService }, namespace);
      },
    });
  });
});
