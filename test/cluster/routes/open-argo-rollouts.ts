import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { createArgoRolloutsTrafficRouter } from '../../../src/adapters/argo-rollouts/traffic-router.js';
import { labelsOf } from '../../../src/adapters/kubernetes/serving/instance-names.js';
import { digestOf } from '../../../src/domain/digest.js';
import { createKubectl } from '../../servers/kubectl.js';
import { startModelReplica } from '../../servers/model-replica.js';
import { openRoutes } from './open-routes.js';
import { startTestGateway } from './test-gateway.js';
import { rulesOfMesh } from './virtual-services.js';

interface RolloutInTest {
  readonly spec: object;
  readonly status: { readonly phase: string; readonly stableRS: string; readonly currentPodHash: string };
}

interface Place {
  readonly binary: string;
  readonly kubeconfig: string;
}

/** Routes by Argo Rollouts in a namespace of its own: versions m-1 and m-2 of model m, and one of model m-2, as Deployments. */
export async function openArgoRollouts({ binary, kubeconfig }: Place) {
  const routes = await openRoutes('argo-rollouts', { kubeconfig }, 'argo-rollouts-rbac.yaml');
  const { namespace, addresses } = routes;
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const [core, apps] = [config.makeApiClient(CoreV1Api), config.makeApiClient(AppsV1Api)];
  const kubectl = createKubectl(binary, kubeconfig);
  const other = await startModelReplica('m-2-7');
  await core.createNamespacedService({ namespace, body: { metadata: { name: 'm-2-7' }, spec: { ports: [{ port: 8080 }] } } });
  for (const [model, name] of [['m', 'm-1'], ['m', 'm-2'], ['m-2', 'm-2-7']] as const) await deploy(model, name); // prettier-ignore

  const url = await startTestGateway(() => rulesOfMesh(routes), addressOf);
  const settings = { gateways: ['istio-system/public'], hosts: ['*'], namespace, servicePort: 8080, armHeader: 'x-arm' };
  const open = (settleMsMax = 60_000) => createArgoRolloutsTrafficRouter({ api: routes.api, url, settleMsMax, settingsOf: () => settings });
  return {
    ...routes,
    url,
    open,
    router: open(),
    instances: ['m-1', 'm-2'] as const,
    other: 'm-2-7',
    /** As the administrator, in this namespace. */
    kubectl: (...args: string[]): Promise<string> => kubectl(['-n', namespace, ...args]),
    make: (manifest: object): Promise<string> => kubectl(['-n', namespace, 'apply', '-f', '-'], JSON.stringify(manifest)),
    rollout,
  };

  async function deploy(model: string, name: string): Promise<void> {
    const labels = labelsOf(name, model, digestOf({ name }));
    const containers = [{ name: 'server', image: 'registry.example/serve', resources: { requests: { cpu: '10m' } } }];
    const spec = { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
    await apps.createNamespacedDeployment({ namespace, body: { metadata: { name, labels }, spec } });
  }

  /** Of a Service whose pods the controller has chosen: that of the version that they are. */
  async function addressOf(service: string): Promise<string> {
    const labelSelector = await selectorOfService(service, core, namespace);
    const { items } = await core.listNamespacedPod({ namespace, labelSelector });
    const ready = items.find(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
    const version = ready?.metadata?.labels?.['ratchet.dev/instance'];
    if (version === undefined) throw new Error(`Service ${service} has no pod that is ready`);
    return version === 'm-2-7' ? other.address : addresses[version]!;
  }

  async function rollout(): Promise<RolloutInTest> {
    return JSON.parse(await kubectl(['-n', namespace, 'get', 'rollout', 'm', '-o', 'json'])) as RolloutInTest;
  }
}

export async function selectorOfService(name: string, core: CoreV1Api, namespace: string): Promise<string> {
  const { spec } = await core.readNamespacedService({ namespace, name });
  return Object.entries(spec?.selector ?? {})
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
}
