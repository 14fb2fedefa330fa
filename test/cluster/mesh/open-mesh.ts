import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePorts } from '../../servers/free-port.js';
import { createKubectl } from '../../servers/kubectl.js';
import { startTestIstio, type TestIstio } from '../../servers/istio.js';
import { startMeshGateway } from '../../servers/mesh-gateway.js';
import type { ModelReplica } from '../../servers/model-replica.js';
import { installDefinitions } from '../routes/install-definitions.js';
import { applyObjects, openRoutes } from '../routes/open-routes.js';
import type { ControlPlane } from '../worker-namespace.js';
import {
  gateway,
  gatewayService,
  instanceLabels,
  instanceService,
  istioGateway,
  loopbackOnly,
  meshNamespace,
  workloadEntry,
} from './mesh-objects.js';

/** Istio with the definitions of its objects and of the Gateway API, for all tests of a file. */
export async function openMesh(at: ControlPlane, istio: string, home: string): Promise<TestIstio> {
  const rootNamespace = `mesh-${process.pid}`;
  await installDefinitions(at, 'Gateway API', 'Istio');
  await applyObjects(at, [meshNamespace(rootNamespace, rootNamespace), loopbackOnly(rootNamespace)]);
  return startTestIstio(istio, at.kubeconfig, home, rootNamespace);
}

/** Makes a namespace part of a mesh, with a gateway `public` of either kind, whose one proxy is a real Envoy. Ended after the test. */
export async function openMeshGateway(at: ControlPlane, { rootNamespace, xdsPort }: TestIstio, namespace: string) {
  const ports = (await freePorts(2)) as [number, number];
  await applyObjects(at, [
    meshNamespace(namespace, rootNamespace),
    gatewayService(namespace, ports),
    gateway('public', namespace, ports[0]),
    istioGateway('public', namespace, ports[1]),
  ]);
  const accepted = '--for=jsonpath={.status.conditions[?(@.type=="Accepted")].status}=True';
  const resource = 'gateways.gateway.networking.k8s.io/public';
  await createKubectl(at.binary, at.kubeconfig)(['wait', accepted, '--timeout=60s', '--namespace', namespace, resource]);
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-mesh-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { adminUrl } = await startMeshGateway({ namespace, xdsPort, folder, ports });
  return {
    adminUrl,
    gatewayApiUrl: `http://127.0.0.1:${ports[0]}`,
    istioUrl: `http://127.0.0.1:${ports[1]}`,
    /** A Gateway that no controller serves. */
    addGatewayOfNobody: (name: string): Promise<void> =>
      applyObjects(at, [gateway(name, namespace, ports[0], { gatewayClassName: 'nobody' })]),
    /** A Gateway that lets no route of this namespace in. */
    addClosedGateway: (name: string): Promise<void> => {
      const selector = { matchLabels: { 'ratchet.test/no': 'such' } };
      return applyObjects(at, [gateway(name, namespace, ports[0], { allowedRoutes: { namespaces: { from: 'Selector', selector } } })]);
    },
  };
}

/** Such a namespace of its own with two instances that answer. */
export async function openMeshRoutes(prefix: string, at: ControlPlane, istio: TestIstio, rights: string) {
  const routes = await openRoutes(prefix, at, rights);
  const { namespace, replicas } = routes;
  await applyObjects(
    at,
    Object.entries(replicas).flatMap(([name, { address }]) => [
      instanceService(name, namespace),
      workloadEntry(name, namespace, { labels: instanceLabels(name), address }),
    ]),
  );
  return {
    ...routes,
    ...(await openMeshGateway(at, istio, namespace)),
    /** One more server of an instance. */
    addReplica: (instance: string, name: string, { address }: ModelReplica): Promise<void> =>
      applyObjects(at, [workloadEntry(name, namespace, { labels: instanceLabels(instance), address })]),
  };
}
