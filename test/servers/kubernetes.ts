import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-port.js';
import { signalGroup } from '../../src/adapters/local/process-group.js';
import { serverEnvironment, startServer } from '../../src/adapters/local/servers/server-process.js';
import type { RunningServer, ServerPlan } from '../../src/adapters/local/servers/server-process.js';
import { createKubectl, type Kubectl } from './kubectl.js';

const stagesFile = fileURLToPath(new URL('../cluster/stages.yaml', import.meta.url));
const serverNames = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const;
/** Controllers hold themselves back by default, for the sake of large clusters. */
const hurried = ['--kube-api-qps=500', '--kube-api-burst=1000'];
type ServerName = (typeof serverNames)[number];

export interface TestKubernetes {
  /** Of an administrator. */
  readonly kubeconfig: string;
  /** Where the API answers. */
  readonly url: string;
  readonly token: string;
  readonly caFile: string;
  /** As the administrator. */
  readonly kubectl: Kubectl;
  /** Ends one of its servers; `startAgain` brings it back at the same port with the same state. */
  kill(name: ServerName): Promise<void>;
  startAgain(name: ServerName): Promise<void>;
  /** Takes a key out behind the API server's back, so that what watches knew before is history. */
  deleteInEtcd(key: string): Promise<void>;
  stop(): Promise<void>;
}

export interface TestKubernetesOptions {
  /** Further arguments of its servers. */
  readonly args?: Partial<Record<ServerName, readonly string[]>>;
  /** Who may come in beside the administrator. */
  readonly users?: readonly { readonly token: string; readonly name: string; readonly group: string }[];
}

/**
 * A real Kubernetes control plane (etcd, API server, controllers, scheduler) on loopback, and kwok, which plays the nodes: pods
 * go through states as test/cluster/stages.yaml says, and nothing runs in them. One node, `kwok-0`, with 8 GPUs.
 *
 * @param binary from scripts/kubernetes.mjs
 * @param home an empty folder
 */
export async function startTestKubernetes(
  binary: string,
  home: string,
  { args: moreArgs = {}, users = [] }: TestKubernetesOptions = {},
): Promise<TestKubernetes> {
  const [apiPort, etcdPort, peerPort, kwokPort] = (await freePorts(4)) as [number, number, number, number];
  const url = `https://127.0.0.1:${apiPort}`;
  const token = randomBytes(16).toString('hex');
  const files = writeFiles(home, url, token, users);
  const kubectl = createKubectl(binary, files.kubeconfig);
  const running = new Map<ServerName, RunningServer>();
  // Tests that are ended by a signal stop nothing.
  const endNow = (): void => [...running.values()].forEach(({ pid }) => signalGroup(pid, 'SIGKILL'));
  process.once('exit', endNow);
  const isReady = () => answersOk(url, token);
  const kubeconfigFlags = [`--kubeconfig=${files.kubeconfig}`];
  const plans: Record<ServerName, { args: string[]; port: number | null; isHealthy: () => Promise<boolean> }> = {
    etcd: {
      port: etcdPort,
      isHealthy: () => isUp(`http://127.0.0.1:${etcdPort}/health`),
      args: [
        `--data-dir=${join(home, 'etcd')}`,
        `--listen-client-urls=http://127.0.0.1:${etcdPort}`,
        `--advertise-client-urls=http://127.0.0.1:${etcdPort}`,
        `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
        `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
        `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
        '--unsafe-no-fsync',
        '--log-level=warn',
      ],
    },
    'kube-apiserver': {
      port: apiPort,
      isHealthy: isReady,
      args: [
        `--etcd-servers=http://127.0.0.1:${etcdPort}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--secure-port=${apiPort}`,
        '--endpoint-reconciler-type=none',
        `--cert-dir=${files.certs}`,
        `--token-auth-file=${files.tokens}`,
        '--authorization-mode=Node,RBAC',
        `--service-account-key-file=${files.accountKey}`,
        `--service-account-signing-key-file=${files.accountKey}`,
        '--service-account-issuer=https://kubernetes.default.svc',
        '--service-cluster-ip-range=10.96.0.0/16',
        '--disable-admission-plugins=StorageObjectInUseProtection',
        '--enable-priority-and-fairness=false',
        '--profiling=false',
        '--allow-privileged=true',
      ],
    },
    'kube-controller-manager': {
      port: null,
      isHealthy: isReady,
      args: [
        ...kubeconfigFlags,
        '--leader-elect=false',
        '--secure-port=0',
        ...hurried,
        '--use-service-account-credentials=false',
        `--service-account-private-key-file=${files.accountKey}`,
        `--root-ca-file=${files.ca}`,
        '--controllers=*,-node-ipam-controller,-cloud-node-lifecycle-controller',
        '--horizontal-pod-autoscaler-sync-period=5s',
      ],
    },
    'kube-scheduler': { port: null, isHealthy: isReady, args: [...kubeconfigFlags, ...hurried, '--leader-elect=false', '--secure-port=0'] },
    kwok: {
      port: kwokPort,
      isHealthy: () => isUp(`http://127.0.0.1:${kwokPort}/healthz`),
      args: [
        ...kubeconfigFlags,
        '--manage-nodes-with-label-selector=type=kwok',
        '--node-lease-duration-seconds=40',
        `--config=${stagesFile}`,
        `--server-address=127.0.0.1:${kwokPort}`,
      ],
    },
  };
  try {
    for (const name of serverNames) await start(name);
    await kubectl(['apply', '-f', '-'], nodeManifest('kwok-0'));
    await until('the default service account', () => kubectl(['get', 'serviceaccount', 'default']).then(() => true, () => false)); // prettier-ignore
  } catch (error) {
    await stop();
    throw error;
  }
  return { kubeconfig: files.kubeconfig, url, token, caFile: files.ca, kubectl, kill, startAgain: start, deleteInEtcd, stop };

  async function start(name: ServerName): Promise<void> {
    const { args, port, isHealthy } = plans[name];
    const plan: ServerPlan = {
      name,
      command: binary,
      args: [name, ...args, ...(moreArgs[name] ?? [])],
      environment: { ...serverEnvironment(), HOME: home },
      logFile: join(home, 'logs', `${name}.log`),
      isHealthy,
      startMsMax: 120_000,
    };
    running.set(name, await startServer(plan, port === null ? name : `127.0.0.1:${port}`));
  }

  async function kill(name: ServerName): Promise<void> {
    await running.get(name)?.stop();
    running.delete(name);
  }

  async function deleteInEtcd(key: string): Promise<void> {
    const body = JSON.stringify({ key: Buffer.from(key).toString('base64') });
    const reply = await fetch(`http://127.0.0.1:${etcdPort}/v3/kv/deleterange`, { method: 'POST', body });
    const { deleted } = (await reply.json()) as { deleted?: string };
    if (deleted !== '1') throw new Error(`expected ${key} in etcd, found nothing`);
  }

  async function stop(): Promise<void> {
    for (const name of serverNames.toReversed()) await kill(name);
    process.off('exit', endNow);
  }
}

/** A node that kwok plays. */
export function nodeManifest(name: string, gpus = 8): string {
  const room = { cpu: '32', memory: '256Gi', pods: '200', 'nvidia.com/gpu': String(gpus) };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { type: 'kwok', 'kubernetes.io/hostname': name },
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
    },
    status: { allocatable: room, capacity: room },
  });
}

function writeFiles(home: string, url: string, token: string, users: NonNullable<TestKubernetesOptions['users']>) {
  const certs = join(home, 'certs');
  mkdirSync(certs, { recursive: true });
  const files = {
    certs,
    ca: join(certs, 'apiserver.crt'), // which the API server makes
    tokens: join(home, 'tokens.csv'),
    accountKey: join(home, 'service-accounts.key'),
    kubeconfig: join(home, 'kubeconfig'),
  };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(files.accountKey, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  const known = [{ token, name: 'admin', group: 'system:masters' }, ...users];
  writeFileSync(files.tokens, known.map((user) => `${user.token},${user.name},${user.name},${user.group}\n`).join(''), { mode: 0o600 });
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': files.ca } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  };
  writeFileSync(files.kubeconfig, JSON.stringify(kubeconfig), { mode: 0o600 });
  return files;
}

/** Its certificate is made while it starts: asked here for nothing but whether it is ready. */
function answersOk(url: string, token: string): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { headers: { authorization: `Bearer ${token}` }, rejectUnauthorized: false, timeout: 2000 };
    const asked = request(`${url}/readyz`, options, (reply) => {
      reply.resume();
      resolve(reply.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy()).on('error', () => resolve(false));
    asked.end();
  });
}

async function isUp(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2000) }).then(({ ok }) => ok, () => false); // prettier-ignore
}

export async function until(what: string, holds: () => Promise<boolean>, msMax = 60_000): Promise<void> {
  const untilMs = performance.now() + msMax;
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`expected ${what} within ${msMax / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
