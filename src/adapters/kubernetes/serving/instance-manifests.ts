import type { V1Deployment, V1ObjectMeta } from '@kubernetes/client-node';
import { canonicalJson, digestOf, type Digest } from '../../../domain/digest.js';
import { SERVING_PORT, type KubernetesServers } from '../../../domain/kubernetes-servers.js';
import type { InstanceSpec } from '../../../domain/serving.js';
import { kubernetesName } from '../route-object.js';
import { labelsOf, selectorOf, SERVER_ANNOTATION, SPEC_ANNOTATION } from './instance-names.js';
import { serverConfig, serverPod, type ServerPlace } from './server-pod.js';

/** A pod that is ready is sent requests by every node a moment later: it counts as available after so long. */
const availableSeconds = 2;

/** An object as it is applied. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: 'Deployment' | 'Service' | 'PodDisruptionBudget' | 'HorizontalPodAutoscaler' | 'NetworkPolicy';
  readonly metadata: V1ObjectMeta;
  readonly spec?: unknown;
}

/** The Deployment is the instance: it is made first, all else is its own and goes with it. */
export function deploymentManifest(spec: InstanceSpec, servers: KubernetesServers, place: ServerPlace): Manifest & { spec: object } {
  const digest = digestOf(spec);
  const labels = labelsOf(spec.name, spec.model, digest);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: kubernetesName(spec.name),
      namespace: place.namespace,
      labels,
      annotations: { [SPEC_ANNOTATION]: canonicalJson(spec) },
    },
    spec: {
      // Where it may grow, how many there are is the autoscaler's to say.
      ...(servers.replicasMax === undefined && { replicas: spec.replicas }),
      minReadySeconds: availableSeconds,
      progressDeadlineSeconds: spec.readySecondsMax + 60,
      revisionHistoryLimit: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: selectorOf(spec.name, digest) },
      template: {
        metadata: { labels, annotations: { [SERVER_ANNOTATION]: canonicalJson(serverConfig(spec, servers, place.storeUri)) } },
        spec: {
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: selectorOf(spec.name, digest) },
            },
          ],
          ...serverPod(spec, servers, place),
        },
      },
    },
  };
}

/** What an instance has beside its Deployment, which owns them: with it they go. */
export function companionManifests(spec: InstanceSpec, servers: KubernetesServers, owner: V1Deployment): Manifest[] {
  const digest: Digest = digestOf(spec);
  const matchLabels = selectorOf(spec.name, digest);
  const { name, namespace, uid } = owner.metadata!;
  const metadata: V1ObjectMeta = {
    name: name!,
    namespace: namespace!,
    labels: labelsOf(spec.name, spec.model, digest),
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: name!, uid: uid!, blockOwnerDeletion: true }],
  };
  const { replicasMax, cpuPercentTarget, allowFrom } = servers;
  const service: Manifest = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: {
      type: 'ClusterIP',
      selector: matchLabels,
      ports: [{ name: 'http', port: SERVING_PORT, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' }],
    },
  };
  const budget: Manifest = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    // One at a time. Of a single server a drained node takes it: a budget that forbids that would block the drain for ever.
    spec: { maxUnavailable: 1, selector: { matchLabels }, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
  };
  const scaler = (serversMax: number): Manifest => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata,
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: name! },
      minReplicas: spec.replicas,
      maxReplicas: Math.max(spec.replicas, serversMax),
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpuPercentTarget } } }],
    },
  });
  const policy = (sources: NonNullable<typeof allowFrom>): Manifest => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata,
    spec: {
      podSelector: { matchLabels },
      policyTypes: ['Ingress'],
      ingress: [{ from: sources.map(peerOf), ports: [{ port: SERVING_PORT, protocol: 'TCP' }] }],
    },
  });
  return [
    service,
    budget,
    ...(replicasMax === undefined ? [] : [scaler(replicasMax)]),
    ...(allowFrom === undefined ? [] : [policy(allowFrom)]),
  ];
}

function peerOf({ cidr, namespace, pods }: NonNullable<KubernetesServers['allowFrom']>[number]): object {
  if (cidr !== undefined) return { ipBlock: { cidr } };
  return {
    ...(namespace !== undefined && { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }),
    ...(pods !== undefined && { podSelector: { matchLabels: pods } }),
  };
}
