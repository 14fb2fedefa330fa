import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createKubectl } from '../../servers/kubectl.js';
import { goModuleFolder } from './go-module.js';

const GATEWAY_API = ['gatewayclasses', 'gateways', 'httproutes', 'referencegrants', 'grpcroutes'];

const filesOf = {
  'Gateway API': async () => {
    const folder = join(await goModuleFolder('sigs.k8s.io/gateway-api'), 'config/crd/standard');
    return GATEWAY_API.map((kind) => join(folder, `gateway.networking.k8s.io_${kind}.yaml`));
  },
  Istio: async () => [join(await goModuleFolder('istio.io/api'), 'kubernetes/customresourcedefinitions.gen.yaml')],
  'Argo Rollouts': async () => {
    const folder = join(await goModuleFolder('github.com/argoproj/argo-rollouts'), 'manifests/crds');
    const names = readdirSync(folder).filter((name) => name.endsWith('-crd.yaml'));
    return names.map((name) => join(folder, name));
  },
} as const;

/** Installs the custom resource definitions of these projects and waits until the API server serves them; they may be there. */
export async function installDefinitions(
  { binary, kubeconfig }: { binary: string; kubeconfig: string },
  ...projects: readonly (keyof typeof filesOf)[]
): Promise<void> {
  const files = (await Promise.all(projects.map((project) => filesOf[project]()))).flat();
  const kubectl = createKubectl(binary, kubeconfig);
  const said = await kubectl(['apply', '--server-side', '--output=name', ...files.map((file) => `--filename=${file}`)]);
  // Not --for=condition: it fails on one that has no conditions yet.
  const established = `--for=jsonpath={.status.conditions[?(@.type=="Established")].status}=True`;
  await kubectl(['wait', established, '--timeout=60s', ...said.trim().split('\n')]);
}
