import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import { homeAt } from './home.js';
import { CLOUDWATCH_LAG_SECONDS } from '../domain/sagemaker-servers.js';
import { KubernetesRouter } from '../domain/serving-cluster.js';
import { SocketAddress } from './socket-address.js';

/** What a worker is told by its environment. */
export interface WorkerConfig {
  readonly home: string;
  readonly storeUri: string;
  readonly mlflowTrackingUri: string;
  /** Folder of the Python environment's commands; null: whatever PATH has. */
  readonly pythonBin: string | null;
  /** Folder that holds the Python package of the steps. */
  readonly stepsPath: string;
  /** Where trainings may run besides this machine; null: not on SageMaker. */
  readonly sageMaker: { readonly roleArn: string; readonly namePrefix: string } | null;
  /** Where trainings may run besides this machine; null: nowhere. `kubeconfig` null: our pod's service account, else kubectl's own file. */
  readonly kubernetes: { readonly namespaces: readonly [string, ...string[]]; readonly kubeconfig: string | null } | null;
  /** Where models may be served besides this machine, and by which routers; null: nowhere. `kubeconfig` as above. */
  readonly kubernetesServing: {
    readonly namespaces: readonly [string, ...string[]];
    readonly routers: readonly KubernetesRouter['kind'][];
    readonly kubeconfig: string | null;
  } | null;
  /** Where models may be served besides this machine; null: not on SageMaker. */
  readonly sageMakerServing: {
    /** What model servers are, towards AWS. */
    readonly roleArn: string;
    readonly namePrefix: string;
    /** So long after its end a period of CloudWatch is taken for whole. */
    readonly metricsLagSeconds: number;
  } | null;
  /** How long the watch of a job may be silent before another worker takes it over. */
  readonly watchHeartbeatSeconds: number;
  /** How long after a reading of labels the next one begins, while a challenger is watched; null: in proportion to what one takes. */
  readonly labelPauseSeconds: number | null;
  /** The ports of the proxy on this machine; null: nothing is served here. */
  readonly traffic: { readonly port: number; readonly adminPort: number } | null;
  /** Where Prometheus reads our metrics, and where those of the Temporal SDK; null: nowhere. */
  readonly metricsAddress: SocketAddress | null;
  readonly sdkMetricsAddress: SocketAddress | null;
  /** The pages of the Temporal server, for links in notices; null: there are none. */
  readonly temporalUiUrl: string | null;
}

const Port = z.coerce.number({ error: 'expected a port' }).int().min(1).max(65_535);

const RoleArn = z.string().regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/, 'expected the ARN of a role');

const Namespaces = z
  .string()
  .regex(/^[a-z0-9-]+(,[a-z0-9-]+)*$/, 'expected namespaces, divided by commas')
  .transform((list) => list.split(',') as [string, ...string[]]);

const routerKinds = KubernetesRouter.options.map(({ shape }) => shape.kind.value);
const RouterKind = z.enum(routerKinds, { error: `expected ${routerKinds.join(', ')} or several of them, divided by commas` });

const Variables = z.object({
  RATCHET_STORE_URI: z
    .string()
    .regex(/^(file|s3):\/\//, 'expected file:///<folder> or s3://<bucket>/<prefix>')
    .optional(),
  MLFLOW_TRACKING_URI: z.url({ protocol: /^https?$/, error: 'expected the http(s) address of an MLflow server' }),
  RATCHET_PYTHON_BIN: z.string().min(1).optional(),
  RATCHET_STEPS_PATH: z.string().min(1).optional(),
  RATCHET_TRAFFIC_PORT: Port.optional(),
  RATCHET_TRAFFIC_ADMIN_PORT: Port.optional(),
  RATCHET_METRICS_ADDRESS: SocketAddress.optional(),
  RATCHET_SDK_METRICS_ADDRESS: SocketAddress.optional(),
  RATCHET_TEMPORAL_UI_URL: z.url({ protocol: /^https?$/, error: 'expected an http(s) address' }).optional(),
  RATCHET_SAGEMAKER_ROLE_ARN: RoleArn.optional(),
  RATCHET_SAGEMAKER_SERVING_ROLE_ARN: RoleArn.optional(),
  RATCHET_CLOUDWATCH_LAG_SECONDS: z.coerce
    .number({ error: 'expected a number of seconds' })
    .min(1)
    .max(3600)
    .default(CLOUDWATCH_LAG_SECONDS),
  RATCHET_SAGEMAKER_NAME_PREFIX: z
    .string()
    .regex(/^[a-z0-9](?:-?[a-z0-9]){0,19}$/, 'expected at most 20 lower-case letters, digits and dashes')
    .default('ratchet'),
  RATCHET_KUBERNETES_NAMESPACES: Namespaces.optional(),
  RATCHET_KUBERNETES_SERVING_NAMESPACES: Namespaces.optional(),
  RATCHET_KUBERNETES_ROUTERS: z
    .string()
    .default('gateway-api')
    .transform((list) => list.split(','))
    .pipe(z.array(RouterKind)),
  RATCHET_KUBECONFIG: z.string().min(1).optional(),
  RATCHET_WATCH_HEARTBEAT_SECONDS: z.coerce.number({ error: 'expected a number of seconds' }).min(1).max(3600).default(60),
  RATCHET_LABEL_PAUSE_SECONDS: z.coerce.number({ error: 'expected a number of seconds' }).min(1).max(86_400).optional(),
});

/** @throws {Error} names the variable, what was expected and what to do */
export function workerConfig(environment: NodeJS.ProcessEnv): WorkerConfig {
  const parsed = Variables.safeParse(environment);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const name = String(issue.path[0]);
    throw new Error(
      `environment variable ${name}: ${issue.message}, found ${environment[name] === undefined ? 'nothing' : 'something else'}: set it, or start the worker with ratchet up`,
    );
  }
  const home = homeAt(undefined, environment);
  const storeUri = parsed.data.RATCHET_STORE_URI ?? pathToFileURL(home.storeFolder).href;
  refuseRolesWithoutBucket(storeUri, parsed.data);
  return {
    home: home.path,
    storeUri,
    mlflowTrackingUri: parsed.data.MLFLOW_TRACKING_URI,
    pythonBin: parsed.data.RATCHET_PYTHON_BIN ?? null,
    stepsPath: parsed.data.RATCHET_STEPS_PATH ?? fileURLToPath(new URL('../../steps', import.meta.url)),
    traffic:
      parsed.data.RATCHET_TRAFFIC_PORT === undefined || parsed.data.RATCHET_TRAFFIC_ADMIN_PORT === undefined
        ? null
        : { port: parsed.data.RATCHET_TRAFFIC_PORT, adminPort: parsed.data.RATCHET_TRAFFIC_ADMIN_PORT },
    metricsAddress: parsed.data.RATCHET_METRICS_ADDRESS ?? null,
    sdkMetricsAddress: parsed.data.RATCHET_SDK_METRICS_ADDRESS ?? null,
    temporalUiUrl: parsed.data.RATCHET_TEMPORAL_UI_URL?.replace(/\/+$/, '') ?? null,
    sageMaker:
      parsed.data.RATCHET_SAGEMAKER_ROLE_ARN === undefined
        ? null
        : { roleArn: parsed.data.RATCHET_SAGEMAKER_ROLE_ARN, namePrefix: parsed.data.RATCHET_SAGEMAKER_NAME_PREFIX },
    kubernetes:
      parsed.data.RATCHET_KUBERNETES_NAMESPACES === undefined
        ? null
        : { namespaces: parsed.data.RATCHET_KUBERNETES_NAMESPACES, kubeconfig: parsed.data.RATCHET_KUBECONFIG ?? null },
    kubernetesServing:
      parsed.data.RATCHET_KUBERNETES_SERVING_NAMESPACES === undefined
        ? null
        : {
            namespaces: parsed.data.RATCHET_KUBERNETES_SERVING_NAMESPACES,
            routers: parsed.data.RATCHET_KUBERNETES_ROUTERS,
            kubeconfig: parsed.data.RATCHET_KUBECONFIG ?? null,
          },
    sageMakerServing:
      parsed.data.RATCHET_SAGEMAKER_SERVING_ROLE_ARN === undefined
        ? null
        : {
            roleArn: parsed.data.RATCHET_SAGEMAKER_SERVING_ROLE_ARN,
            namePrefix: parsed.data.RATCHET_SAGEMAKER_NAME_PREFIX,
            metricsLagSeconds: parsed.data.RATCHET_CLOUDWATCH_LAG_SECONDS,
          },
    watchHeartbeatSeconds: parsed.data.RATCHET_WATCH_HEARTBEAT_SECONDS,
    labelPauseSeconds: parsed.data.RATCHET_LABEL_PAUSE_SECONDS ?? null,
  };
}

/** Before a cycle begins that could only fail. */
function refuseRolesWithoutBucket(storeUri: string, variables: z.infer<typeof Variables>): void {
  if (storeUri.startsWith('s3://')) return;
  const roles = [
    ['RATCHET_SAGEMAKER_ROLE_ARN', 'trainings'],
    ['RATCHET_SAGEMAKER_SERVING_ROLE_ARN', 'model servers'],
  ] as const;
  for (const [role, whose] of roles) {
    if (variables[role] === undefined) continue;
    throw new Error(
      `environment variable RATCHET_STORE_URI: expected s3://<bucket>/<prefix>, for ${role} is set and its ${whose} reach no other store, found a folder: set it, or take the role away`,
    );
  }
}
