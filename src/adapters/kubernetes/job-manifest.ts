import type { V1ConfigMap, V1EnvVar, V1Job, V1PodSpec } from '@kubernetes/client-node';
import { canonicalJson, type Digest } from '../../domain/digest.js';
import { RatchetError } from '../../domain/failure.js';
import type { JobSpec } from '../../domain/job.js';
import type { KubernetesCluster } from '../../domain/kubernetes-cluster.js';
import * as names from './job-names.js';

/** What kubelet takes over from a container as its last word. */
export const RESULT_BYTES_MAX = 4096;
/** etcd takes 1 MiB for an object; the rest is for its keys. */
const givenBytesMax = 1_000_000;
export const DEFAULT_GRACE_SECONDS = 30;
const given = '/ratchet/given';
const scratch = '/ratchet/job';
export const CHECKPOINTS_MOUNT = '/ratchet/checkpoints';

/**
 * Runs the command as its child, in a folder that holds the job's files. SIGTERM goes on to it; where it ends well, its result
 * becomes the container's termination message, which stays in the pod's status when the node is gone.
 */
const WRAPPER = `mkdir -p ${scratch}/work && cd ${scratch}/work || exit 75
case "\${RATCHET_CHECKPOINTS:-}" in /*) mkdir -p "$RATCHET_CHECKPOINTS" || exit 75 ;; esac
if [ -d ${given}/files ]; then cp -RL ${given}/files/. . || exit 75; fi
command -v "$1" >/dev/null 2>&1 || { echo "command \\"$1\\": expected a program in PATH, found none" >&2; exit 127; }
"$@" &
child=$!
trap 'kill -TERM "$child" 2>/dev/null' TERM INT
wait "$child"
code=$?
while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
if [ "$code" = 0 ] && [ -f "$RATCHET_OUTPUT" ]; then head -c ${RESULT_BYTES_MAX} "$RATCHET_OUTPUT" >/dev/termination-log; fi
exit "$code"`;

export interface JobPlace {
  readonly namespace: string;
  readonly storeUri: string;
  /** Variables that every job gets: where the services are, no secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where its checkpoints lie, and the claim whose volume that is; null: it keeps none. */
  readonly checkpoints: { readonly uri: string; readonly claim: string | null } | null;
}

/** The Job, whose pod is one attempt: a pod that fails is never replaced, the next attempt is the workflow's to make. */
export function jobManifest(spec: JobSpec, cluster: KubernetesCluster, digest: Digest, place: JobPlace): V1Job {
  const annotations = { [names.NAME_ANNOTATION]: spec.name, [names.DIGEST_ANNOTATION]: digest };
  const labels = {
    [names.MANAGED_LABEL]: names.FIELD_MANAGER,
    [names.MODEL_LABEL]: spec.model,
    [names.CYCLE_LABEL]: String(spec.cycle),
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: names.objectName(spec.name),
      namespace: place.namespace,
      labels: { ...labels, ...(cluster.queue !== undefined && { 'kueue.x-k8s.io/queue-name': cluster.queue }) },
      annotations: { ...annotations, ...(spec.checkpoints !== undefined && { [names.CHECKPOINTS_ANNOTATION]: spec.checkpoints }) },
    },
    spec: {
      ...(cluster.queue !== undefined && { suspend: true }),
      completions: 1,
      parallelism: 1,
      backoffLimit: 0,
      podReplacementPolicy: 'Failed', // never two pods at one checkpoint
      podFailurePolicy: {
        rules: [
          { action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          { action: 'FailJob', onExitCodes: { containerName: names.CONTAINER, operator: 'NotIn', values: [0] } },
        ],
      },
      // The pod's own limit counts from its start; this one ends what never started.
      activeDeadlineSeconds: spec.timeLimitSeconds + cluster.pendingSecondsMax,
      ttlSecondsAfterFinished: cluster.ttlSeconds,
      // Its digest here too: the template cannot be changed, so no second spec can take over the name.
      template: { metadata: { labels, annotations }, spec: podSpec(spec, cluster, place) },
    },
  };
}

function podSpec(spec: JobSpec, cluster: KubernetesCluster, place: JobPlace): V1PodSpec {
  const { resources } = spec;
  const checkpointClaim = place.checkpoints?.claim ?? null;
  const memory = `${resources.memoryMiB}Mi`;
  const gpus = resources.gpus > 0 ? { [cluster.gpuResource]: String(resources.gpus) } : {};
  return {
    restartPolicy: 'Never',
    activeDeadlineSeconds: spec.timeLimitSeconds,
    terminationGracePeriodSeconds: spec.graceSeconds ?? DEFAULT_GRACE_SECONDS,
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    ...(cluster.serviceAccount !== undefined && { serviceAccountName: cluster.serviceAccount }),
    ...(cluster.priorityClass !== undefined && { priorityClassName: cluster.priorityClass }),
    nodeSelector: cluster.nodeSelector,
    tolerations: cluster.tolerations,
    imagePullSecrets: cluster.imagePullSecrets.map((name) => ({ name })),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: cluster.runAsUser,
      runAsGroup: cluster.runAsUser,
      fsGroup: cluster.runAsUser,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: names.CONTAINER,
        image: cluster.image,
        command: ['sh', '-c', WRAPPER, 'ratchet', ...spec.command],
        env: environmentOf(spec, cluster, place),
        resources: { requests: { cpu: String(resources.cpus), memory, ...gpus }, limits: { memory, ...gpus } },
        terminationMessagePolicy: 'FallbackToLogsOnError', // its last lines outlive its node
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        volumeMounts: [
          { name: 'given', mountPath: given, readOnly: true },
          { name: 'scratch', mountPath: scratch },
          ...(checkpointClaim === null ? [] : [{ name: 'checkpoints', mountPath: CHECKPOINTS_MOUNT }]),
          ...cluster.volumes.map(({ mountPath, subPath, readOnly }, index) => ({
            name: `volume-${index}`,
            mountPath,
            readOnly,
            ...(subPath !== undefined && { subPath }),
          })),
        ],
      },
    ],
    volumes: [
      { name: 'given', configMap: { name: names.objectName(spec.name), items: givenItems(spec) } },
      { name: 'scratch', emptyDir: {} },
      ...(checkpointClaim === null ? [] : [{ name: 'checkpoints', persistentVolumeClaim: { claimName: checkpointClaim } }]),
      ...cluster.volumes.map(({ claim, readOnly }, index) => ({
        name: `volume-${index}`,
        persistentVolumeClaim: { claimName: claim, readOnly },
      })),
    ],
  };
}

/** Later ones override: our defaults, the model file's, secrets, the job contract. */
function environmentOf(spec: JobSpec, cluster: KubernetesCluster, place: JobPlace): V1EnvVar[] {
  const threads = String(Math.max(1, Math.floor(spec.resources.cpus)));
  const plain = (variables: Readonly<Record<string, string>>) =>
    Object.entries(variables).map(([name, value]): V1EnvVar => ({ name, value }));
  const all = [
    ...plain(place.environment),
    // More threads than processors make small fits many times slower.
    ...plain({ OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: threads, PYTHONUNBUFFERED: '1', PYTHONHASHSEED: '0', HOME: scratch }),
    ...plain(spec.environment).filter(({ name }) => name !== 'RATCHET_CHECKPOINTS'),
    ...cluster.secrets.map(({ variable, secret, key }): V1EnvVar => ({
      name: variable,
      valueFrom: { secretKeyRef: { name: secret, key } },
    })),
    ...plain({
      RATCHET_INPUT: `${given}/input.json`,
      RATCHET_OUTPUT: `${scratch}/output.json`,
      RATCHET_PROGRESS: '-', // as lines of the log: nobody sees its files
      ...(place.checkpoints !== null && { RATCHET_CHECKPOINTS: place.checkpoints.uri }),
      RATCHET_STORE_URI: place.storeUri,
      RATCHET_JOB_NAME: spec.name,
      RATCHET_MODEL: spec.model,
      RATCHET_CYCLE: String(spec.cycle),
    }),
  ];
  return [...new Map(all.map((variable) => [variable.name, variable])).values()];
}

function givenItems({ files }: JobSpec) {
  return [
    { key: 'input.json', path: 'input.json' },
    ...files.map(({ path }, index) => ({ key: `file-${index}`, path: `files/${path}`, mode: 0o755 })),
  ];
}

/**
 * What the job is given: its input and its files.
 *
 * @param files their bytes, in the order of `spec.files`
 * @param owner the Job: with it this goes, too
 * @throws {RatchetError} JobSpecInvalid: more than a ConfigMap holds
 */
export function givenManifest(spec: JobSpec, files: readonly Uint8Array[], owner: V1Job): V1ConfigMap {
  const contents = [Buffer.from(canonicalJson(spec.input)), ...files];
  const bytes = contents.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (bytes > givenBytesMax)
    throw new RatchetError(
      'JobSpecInvalid',
      `job ${spec.name}: expected its input and files to be at most ${givenBytesMax} bytes, found ${bytes}`,
      {
        remedy: 'put large files into trainer.cluster.image or into the object store, and only code into trainer.files',
      },
    );
  const [input, ...rest] = contents.map((content) => Buffer.from(content).toString('base64'));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: names.objectName(spec.name),
      namespace: owner.metadata!.namespace!,
      labels: { [names.MANAGED_LABEL]: names.FIELD_MANAGER },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: owner.metadata!.name!, uid: owner.metadata!.uid! }],
    },
    immutable: true,
    binaryData: { 'input.json': input!, ...Object.fromEntries(rest.map((content, index) => [`file-${index}`, content])) },
  };
}
