import { MESH_LABEL } from '../../servers/istio.js';
import { gatewayLabels } from '../../servers/mesh-gateway.js';

const ISTIO = 'networking.istio.io/v1';

interface WorkloadPlace {
  /** By which Services select it. */
  readonly labels: Readonly<Record<string, string>>;
  /** host:port */
  readonly address: string;
}

export function instanceLabels(instance: string): Readonly<Record<string, string>> {
  return { 'ratchet.dev/instance': instance };
}

/** A namespace that an Istio of the tests looks at. */
export function meshNamespace(name: string, rootNamespace: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { [MESH_LABEL]: rootNamespace } } };
}

/** A gateway listens wherever it can be reached; here nobody else may. */
export function loopbackOnly(rootNamespace: string): object {
  const value = { address: { socket_address: { address: '127.0.0.1' } } };
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name: 'loopback', namespace: rootNamespace },
    spec: { configPatches: [{ applyTo: 'LISTENER', match: { context: 'GATEWAY' }, patch: { operation: 'MERGE', value } }] },
  };
}

/** As Serving makes it. */
export function instanceService(name: string, namespace: string): object {
  const ports = [{ name: 'http', port: 8080, targetPort: 'http', appProtocol: 'http' }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: instanceLabels(name), ports } };
}

/**
 * One server of an instance. An API server takes no loopback address for a pod's; Istio does, of a WorkloadEntry that a Service
 * selects as it would pods.
 */
export function workloadEntry(name: string, namespace: string, { labels, address }: WorkloadPlace): object {
  const [host, port] = address.split(':');
  const spec = { address: host, ports: { http: Number(port) }, labels };
  return { apiVersion: ISTIO, kind: 'WorkloadEntry', metadata: { name, namespace, labels }, spec };
}

/** The Service of a gateway's proxy. */
export function gatewayService(namespace: string, ports: readonly number[]): object {
  const listening = ports.map((port) => ({ name: `http-${port}`, port, targetPort: port }));
  const spec = { selector: gatewayLabels(namespace), ports: listening };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'gateway', namespace }, spec };
}

interface GatewayOptions {
  /** Whose routes it lets in. */
  readonly allowedRoutes?: object;
  /** Whose controller serves it. */
  readonly gatewayClassName?: string;
}

/** Of the Gateway API. */
export function gateway(
  name: string,
  namespace: string,
  port: number,
  { allowedRoutes = { namespaces: { from: 'Same' } }, gatewayClassName = 'istio' }: GatewayOptions = {},
): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace },
    spec: {
      gatewayClassName,
      addresses: [{ type: 'Hostname', value: `gateway.${namespace}.svc.cluster.local` }],
      listeners: [{ name: 'http', port, protocol: 'HTTP', allowedRoutes }],
    },
  };
}

export function istioGateway(name: string, namespace: string, port: number): object {
  const servers = [{ hosts: ['*'], port: { number: port, name: 'http', protocol: 'HTTP' } }];
  return { apiVersion: ISTIO, kind: 'Gateway', metadata: { name, namespace }, spec: { selector: gatewayLabels(namespace), servers } };
}
