import type { V1EnvVar, V1PodSpec, V1Probe } from '@kubernetes/client-node';
import { SERVING_PORT, type KubernetesServers } from '../../../domain/kubernetes-servers.js';
import type { InstanceSpec } from '../../../domain/serving.js';
import { SERVER_ANNOTATION, SERVER_CONTAINER } from './instance-names.js';

/** Whoever routes hears of a pod that goes a little later: it answers for so long after it was told. */
const settleSeconds = 5;
/** A server ends what it was asked within 8 s (steps/ratchet_serve); what is left of its time is for its predictions. */
const answerSeconds = 8;
const given = '/ratchet/given';
const scratch = '/ratchet/scratch';

export interface ServerPlace {
  readonly namespace: string;
  readonly storeUri: string;
  /** Variables that every server gets: where the services are, no secrets. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What a server reads at its start; the same for all of an instance. */
export function serverConfig(spec: InstanceSpec, { shutdownSecondsMax }: KubernetesServers, storeUri: string): object {
  const { name, model, version, artifact, features, rowsMax, keyHeader } = spec;
  return {
    name,
    model,
    version,
    host: '0.0.0.0',
    port: SERVING_PORT,
    artifact,
    artifactPath: `${scratch}/artifact`, // not there yet: fetched from the store by its digest
    features,
    rowsMax,
    keyHeader,
    logFolder: `${scratch}/predictions`,
    storeUri,
    shipSecondsMax: shutdownSecondsMax - settleSeconds - answerSeconds - 2,
  };
}

export function serverPod(spec: InstanceSpec, servers: KubernetesServers, place: ServerPlace): V1PodSpec {
  const memory = `${servers.memoryMiB}Mi`;
  return {
    terminationGracePeriodSeconds: servers.shutdownSecondsMax,
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    ...(servers.serviceAccount !== undefined && { serviceAccountName: servers.serviceAccount }),
    ...(servers.priorityClass !== undefined && { priorityClassName: servers.priorityClass }),
    nodeSelector: servers.nodeSelector,
    tolerations: servers.tolerations,
    imagePullSecrets: servers.imagePullSecrets.map((name) => ({ name })),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: servers.runAsUser,
      runAsGroup: servers.runAsUser,
      fsGroup: servers.runAsUser,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: SERVER_CONTAINER,
        image: servers.image,
        command: ['python', '-m', 'ratchet_serve'],
        ports: [{ name: 'http', containerPort: SERVING_PORT }],
        env: environmentOf(servers, place),
        resources: { requests: { cpu: String(servers.cpus), memory }, limits: { memory } },
        ...probesOf(spec),
        lifecycle: { preStop: { sleep: { seconds: settleSeconds } } },
        terminationMessagePolicy: 'FallbackToLogsOnError', // its last words outlive it
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        volumeMounts: [
          { name: 'given', mountPath: given, readOnly: true },
          { name: 'scratch', mountPath: scratch },
          ...servers.volumes.map(({ mountPath, subPath, readOnly }, index) => ({
            name: `volume-${index}`,
            mountPath,
            readOnly,
            ...(subPath !== undefined && { subPath }),
          })),
        ],
      },
    ],
    volumes: [
      {
        name: 'given',
        downwardAPI: { items: [{ path: 'server.json', fieldRef: { fieldPath: `metadata.annotations['${SERVER_ANNOTATION}']` } }] },
      },
      { name: 'scratch', emptyDir: {} }, // outlives the server, not its pod
      ...servers.volumes.map(({ claim, readOnly }, index) => ({
        name: `volume-${index}`,
        persistentVolumeClaim: { claimName: claim, readOnly },
      })),
    ],
  };
}

/** Later ones override: our defaults, the services, secrets, what the server is told. */
function environmentOf({ secrets }: KubernetesServers, place: ServerPlace): V1EnvVar[] {
  const plain = (variables: Readonly<Record<string, string>>): V1EnvVar[] =>
    Object.entries(variables).map(([name, value]) => ({ name, value }));
  const all = [
    ...plain({ OMP_NUM_THREADS: '1', PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1', HOME: scratch, TMPDIR: scratch }),
    ...plain(place.environment),
    ...secrets.map(({ variable, secret, key }): V1EnvVar => ({ name: variable, valueFrom: { secretKeyRef: { name: secret, key } } })),
    { name: 'RATCHET_REPLICA', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ...plain({
      RATCHET_SERVE_CONFIG: `${given}/server.json`,
      RATCHET_SERVE_LOG_FOLDER: `${scratch}/predictions/$(RATCHET_REPLICA)`, // names of its files are unique among all pods
    }),
  ];
  return [...new Map(all.map((variable) => [variable.name, variable])).values()];
}

function probesOf({ readySecondsMax }: InstanceSpec): Record<'startupProbe' | 'readinessProbe' | 'livenessProbe', V1Probe> {
  const at = (path: string) => ({ httpGet: { path, port: SERVING_PORT } });
  return {
    startupProbe: { ...at('/v2/health/ready'), periodSeconds: 1, timeoutSeconds: 2, failureThreshold: readySecondsMax },
    readinessProbe: { ...at('/v2/health/ready'), periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 },
    livenessProbe: { ...at('/v2/health/live'), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  };
}
