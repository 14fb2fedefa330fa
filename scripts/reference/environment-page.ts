import { WEBHOOK_SENDERS, webhookSecretVariable } from '../../src/config/api-config.js';
import { tableRow } from './markdown.js';

type Variables = readonly (readonly [name: string, meaning: string])[];

/** What people set. */
export const FOR_PEOPLE: Variables = [
  ['RATCHET_HOME', 'where the stack keeps its state, unless `--home` says so'],
  [
    'RATCHET_STORE_URI',
    'the object store of ledger and evidence, `file:///<folder>` or `s3://<bucket>/<prefix>`; else a folder in the home',
  ],
  [
    'RATCHET_STORE_KMS_KEY_ID',
    'the key of AWS KMS that objects in a bucket are encrypted with; else as the bucket says: see [S3](../how-to/run-on-s3.md#encrypt)',
  ],
  ['RATCHET_LEDGER_LOCK_DAYS', 'so long records in a bucket are [locked](../how-to/run-on-s3.md#lock-the-ledger); unset: not'],
  ['RATCHET_LEDGER_LOCK_MODE', '`governance` or `compliance`; else governance'],
  ['RATCHET_CACHE', 'where the Python environment is kept; else `~/.cache/ratchet`'],
  ['RATCHET_PYTHON', 'the Python to make that environment with'],
  ['RATCHET_ENVOY_CONCURRENCY', 'how many worker threads Envoy has; else 2'],
  ['RATCHET_NOTICES_FILE', 'who is told of what needs a person; else `notices.yaml` in the home: see [notices](../how-to/notices.md)'],
  ['NO_COLOR', 'anything: no colours on a screen'],
  ['RATCHET_DEBUG', '`1`: errors show where they come from'],
  [
    'TEMPORAL_ADDRESS, TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE',
    'the Temporal server to use instead of one of our own, with the other usual `TEMPORAL_*` variables',
  ],
  ['MLFLOW_TRACKING_URI', 'the MLflow server to use instead of one of our own'],
];

const FOR_WEBHOOKS: Variables = WEBHOOK_SENDERS.flatMap((sender) => [
  [webhookSecretVariable(sender), `the secret shared with ${sender}, at least 16 characters; unset: its webhooks are refused`] as const,
  [`${webhookSecretVariable(sender)}_FILE`, 'a file that holds it, read again at each use'] as const,
]);

const FOR_WORKERS: Variables = [
  ['RATCHET_PYTHON_BIN', 'folder of the commands of the Python environment; else whatever `PATH` has'],
  ['RATCHET_STEPS_PATH', 'folder of the Python package of the steps; else that of this package'],
  ['RATCHET_PRICES_FILE', 'what machines cost, for `trainer.stop.costMax`; else `prices.yaml` in the home, where there is one'],
  ['RATCHET_WATCH_HEARTBEAT_SECONDS', 'so long the watch of a job may be silent before another worker takes it over; else 60'],
  [
    'RATCHET_LABEL_PAUSE_SECONDS',
    'so long after a reading of labels the next one begins while a challenger is watched; else 60 windows or 20 times what it took, whichever is longer',
  ],
  [
    'RATCHET_SAGEMAKER_ROLE_ARN',
    'what training jobs on SageMaker are, towards AWS: see [SageMaker](../how-to/train-on-sagemaker.md); unset: none run there',
  ],
  ['RATCHET_SAGEMAKER_NAME_PREFIX', 'begins the names of those jobs, which AWS keeps for ever, and of endpoints; else `ratchet`'],
  [
    'RATCHET_SAGEMAKER_SERVING_ROLE_ARN',
    'what model servers on SageMaker are, towards AWS: see [endpoints](../how-to/serve-on-sagemaker.md); unset: none run there',
  ],
  [
    'RATCHET_CLOUDWATCH_LAG_SECONDS',
    'so long after its end a minute (or what `metricsSeconds` says) of CloudWatch is taken for whole; else 120',
  ],
  [
    'RATCHET_KUBERNETES_NAMESPACES',
    'namespaces, divided by commas, in which trainings may run as Jobs: see [Kubernetes](../how-to/train-on-kubernetes.md); unset: none',
  ],
  [
    'RATCHET_KUBERNETES_SERVING_NAMESPACES',
    'namespaces, divided by commas, in which models may be served: see [routes](../how-to/route-on-kubernetes.md); unset: none',
  ],
  [
    'RATCHET_KUBERNETES_ROUTERS',
    'what divides requests there: `gateway-api`, `istio`, `argo-rollouts`, or several, divided by commas; else `gateway-api`',
  ],
  ['RATCHET_KUBECONFIG', 'the kubeconfig of that cluster; unset: the pod’s own service account, else what `kubectl` uses'],
  ['RATCHET_TRAFFIC_PORT, RATCHET_TRAFFIC_ADMIN_PORT', 'the ports of the proxy on this machine; without them nothing is served'],
  ['RATCHET_METRICS_ADDRESS', '`<host>:<port>` where the worker shows its metrics; unset: nowhere'],
  ['RATCHET_SDK_METRICS_ADDRESS', '`<host>:<port>` where its Temporal SDK shows its own; unset: nowhere'],
  ['RATCHET_API_PORT', 'the port of the HTTP server on loopback'],
  ['RATCHET_TEMPORAL_UI_URL', 'the pages of the Temporal server, for links in notices; unset: notices have commands alone'],
  ['RATCHET_TEMPORAL', 'address of the stack’s own Temporal server'],
];

const FOR_JOBS: Variables = [
  ['RATCHET_INPUT, RATCHET_OUTPUT', 'JSON files that a job reads and writes'],
  ['RATCHET_PROGRESS', 'a file in which a job may say how far it is'],
  ['RATCHET_CHECKPOINTS', 'a place of checkpoints that outlives job and node'],
  ['RATCHET_MODEL, RATCHET_CYCLE, RATCHET_JOB_NAME', 'whom a job works for'],
  ['RATCHET_JOB_ORDER', 'what the runner in a SageMaker container works from: a digest in the store'],
  [
    'RATCHET_GRACE_SECONDS, RATCHET_TELL_SECONDS, RATCHET_ML_ROOT',
    'of that runner: from SIGTERM to SIGKILL, how often it tells progress and log, where `/opt/ml` is',
  ],
  ['RATCHET_SERVE_CONFIG', 'JSON file that a model server reads'],
  ['RATCHET_SERVE_ORDER', 'what a model server in a SageMaker container serves: the digest of its instance, a document in the store'],
  ['RATCHET_SERVES', 'of that instance, for the worker: model, version, machines'],
  ['RATCHET_SERVE_LOG_FOLDER', 'where a model server keeps its log until it is sent; else as that file says'],
  ['RATCHET_REPLICA', 'the name of a model server’s pod'],
];

const GROUPS: readonly (readonly [heading: string, words: string, variables: Variables])[] = [
  ['For people', 'For every command.', FOR_PEOPLE],
  ['Incoming webhooks', 'For `ratchet up`: see [webhooks](../how-to/webhooks.md).', FOR_WEBHOOKS],
  [
    'For processes of the stack',
    '`ratchet up` sets them for the processes that it starts; set them for a worker that you start yourself.',
    FOR_WORKERS,
  ],
  ['For jobs and model servers', 'Set for what a cycle starts: see [the job contract](job-contract.md).', FOR_JOBS],
];

/** docs/reference/environment.md */
export function environmentPage(): string {
  const lines = [
    '<!-- Generated by `npm run docs` from scripts/reference/environment-page.ts: change it there. -->',
    '',
    '# Environment',
    '',
  ];
  for (const [heading, words, variables] of GROUPS) {
    lines.push(`## ${heading}`, '', words, '', tableRow(['variable', 'meaning']), tableRow(['---', '---']));
    lines.push(...variables.map(([name, meaning]) => tableRow([`\`${name}\``, meaning])), '');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
