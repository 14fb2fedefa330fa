import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePorts } from '../../../src/adapters/local/servers/loopback-port.js';
import { MESH_LABEL, startTestIstio, type TestIstio } from '../../servers/istio.js';
import { createKubectl } from '../../servers/kubectl.js';
import { gatewayLabels, startMeshGateway } from '../../servers/mesh-gateway.js';
import type { ModelReplica } from '../../servers/model-replica.js';
import { goModuleFolder } from '../routes/go-module.js';
import { installDefinitions, openRoutes } from '../routes/open-routes.js';

interface Place {
  readonly binary: string;
  readonly kubeconfig: string;
}

const INSTANCE = 'ratchet.dev/instance';
const GATEWAY_API = 'gateway.networking.k8s.io/v1';
const ISTIO = 'networking.istio.io/v1';

/** Istio with the definitions of its objects and of the Gateway API, for all tests of a file. */
export async function openMesh(place: Place, istio: string, home: string): Promise<TestIstio> {
  const rootNamespace = `mesh-${process.pid}`;
  const crds = join(await goModuleFolder('sigs.k8s.io/gateway-api'), 'config/crd/standard');
  const kinds = ['gatewayclasses', 'gateways', 'httproutes', 'referencegrants', 'grpcroutes'];
  await installDefinitions(place, [
    join(await goModuleFolder('istio.io/api'), 'kubernetes/customresourcedefinitions.gen.yaml'),
    ...kinds.map((kind) => join(crds, `gateway.networking.k8s.io_${kind}.yaml`)),
  ]);
  await make(place, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: rootNamespace, labels: { [MESH_LABEL]: rootNamespace } } },
    // A gateway listens wherever it can be reached; here nobody else may.
    {
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'EnvoyFilter',
      metadata: { name: 'loopback', namespace: rootNamespace },
      spec: {
        configPatches: [
          {
            applyTo: 'LISTENER',
            match: { context: 'GATEWAY' },
            patch: { operation: 'MERGE', value: { address: { socket_address: { address: '127.0.0.1' } } } },
          },
        ],
      },
    },
  ]);
  return startTestIstio(istio, place.kubeconfig, home, rootNamespace);
}

/** A namespace of its own with two instances that answer, and a gateway `public` of both kinds, whose proxy is a real Envoy. */
export async function openMeshRoutes(prefix: string, place: Place, { rootNamespace, xdsPort }: TestIstio, rights: string) {
  const routes = await openRoutes(prefix, place, rights);
  const { namespace, replicas } = routes;
  const ports = await freePorts(2);
  await make(place, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { [MESH_LABEL]: rootNamespace } } },
    ...Object.keys(replicas).map((name) => service(name, namespace)),
    ...Object.entries(replicas).map(([name, replica]) => endpoint(name, name, replica, namespace)),
    ...gateway(namespace, ports as [number, number]),
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-mesh-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { adminUrl } = await startMeshGateway({ namespace, xdsPort, folder });
  const [gatewayApiUrl, istioUrl] = ports.map((port) => `http://127.0.0.1:${port}`) as [string, string];
  return {
    ...routes,
    adminUrl,
    gatewayApiUrl,
    istioUrl,
    /** One more server of an instance. */
    addReplica: (instance: string, name: string, replica: ModelReplica): Promise<void> =>
      make(place, [endpoint(instance, name, replica, namespace)]),
    /** A Gateway that lets no route of this namespace in. */
    addClosedGateway: (name: string): Promise<void> => {
      const selector = { matchLabels: { 'ratchet.test/no': 'such' } };
      return make(place, [gatewayOfApi(name, namespace, ports[0]!, { namespaces: { from: 'Selector', selector } })]);
    },
  };
}

function service(name: string, namespace: string): object {
  const ports = [{ name: 'http', port: 8080, targetPort: 'http', appProtocol: 'http' }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: { [INSTANCE]: name }, ports } };
}

/** An API server takes no loopback address for a pod's; Istio does, of a WorkloadEntry that a Service selects as it would pods. */
function endpoint(instance: string, name: string, { address }: ModelReplica, namespace: string): object {
  const labels = { [INSTANCE]: instance };
  const [host, port] = address.split(':');
  const spec = { address: host, ports: { http: Number(port) }, labels };
  return { apiVersion: ISTIO, kind: 'WorkloadEntry', metadata: { name, namespace, labels }, spec };
}

function gateway(namespace: string, [gatewayApiPort, istioPort]: readonly [number, number]): object[] {
  const metadata = { name: 'public', namespace };
  const ports = [gatewayApiPort, istioPort].map((port) => ({ name: `http-${port}`, port, targetPort: port }));
  return [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'gateway', namespace }, spec: { selector: gatewayLabels(namespace), ports } },
    gatewayOfApi('public', namespace, gatewayApiPort),
    {
      apiVersion: ISTIO,
      kind: 'Gateway',
      metadata,
      spec: {
        selector: gatewayLabels(namespace),
        servers: [{ hosts: ['*'], port: { number: istioPort, name: 'http', protocol: 'HTTP' } }],
      },
    },
  ];
}

function gatewayOfApi(name: string, namespace: string, port: number, allowedRoutes: object = { namespaces: { from: 'Same' } }): object {
  return {
    apiVersion: GATEWAY_API,
    kind: 'Gateway',
    metadata: { name, namespace },
    spec: {
      gatewayClassName: 'istio',
      addresses: [{ type: 'Hostname', value: `gateway.${namespace}.svc.cluster.local` }],
      listeners: [{ name: 'http', port, protocol: 'HTTP', allowedRoutes }],
    },
  };
}

/** Makes objects, or takes those that are there over. */
async function make({ binary, kubeconfig }: Place, items: readonly object[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items };
  await createKubectl(binary, kubeconfig)(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(list));
}
