import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { arch } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findKubernetesNode } from '../../scripts/kubernetes-node.mjs';
import { LOOPBACK } from '../../src/adapters/local/servers/loopback-port.js';
import { startTestKubernetes, until, type TestKubernetes } from './kubernetes.js';
import { containerdSettings, kubeletSettings, networkSettings } from './node/settings.js';
import { writeImage } from './node/container-image.js';
import { fetchPodsThrough } from './node/fetch-pods.js';

const initScript = fileURLToPath(new URL('node/init.sh', import.meta.url));
const searchPath = [process.env.PATH, '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter);
/** In the node's own network, which no other sees. */
const address = '10.244.0.1';
const nodeName = 'real-0';
/** By its name in node/relay.mjs. */
const EGRESS_SOCKET = 'egress.sock';
/** So long is a node away before its pods are given up; the usual 50 s and 300 s would make tests long. */
const awaySecondsMax = 20;
/** What pods run in: a shell, beside which the machine's own programs are mounted. */
export const TRAINER_IMAGE = 'localhost/trainer:1';
const pauseImage = 'localhost/pause:1';

export interface TestKubernetesNode {
  readonly cluster: TestKubernetes;
  readonly name: string;
  /** A folder that the pods' volumes may lie in. */
  readonly volumes: string;
  /** Where pods reach a port of `ports`. */
  addressFromPods(port: number): string;
  /** Asks pods at their own addresses, as what runs in their network would. */
  readonly fetchPods: typeof fetch;
  stopKubelet(): Promise<void>;
  startKubelet(): Promise<void>;
  /** With everything in it: no process, mount, network or cgroup stays. */
  stop(): Promise<void>;
}

/** Why this machine cannot run a node, as a plain sentence; null: it can. */
export function whyNoKubernetesNode(): string | null {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root';
  if (findKubernetesNode() === null) return 'it has not been built: node scripts/kubernetes-node.mjs (needs Go)';
  const missing = ['runc', 'busybox', 'ip', 'unshare', 'tar'].filter((program) => findProgram(program) === null);
  if (missing.length > 0) return `${missing.join(', ')} is not installed (Debian: apt install runc busybox-static iproute2)`;
  if (networkPluginFolder() === null) return 'CNI plugins are not installed (Debian: apt install containernetworking-plugins)';
  try {
    execFileSync('unshare', ['--mount', '--net', '--pid', '--fork', 'true'], { stdio: 'pipe' });
    const probe = join(existsSync('/sys/fs/cgroup/memory') ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup', newName());
    mkdirSync(probe);
    rmdirSync(probe);
  } catch (error) {
    return `this machine lets nobody make namespaces or cgroups: ${(error as Error).message.trim()}`;
  }
  return null;
}

/**
 * A real control plane with one real node: containerd, runc and a kubelet in namespaces of their own, whose pods really run.
 * From the node only `ports` of this machine's loopback can be reached, and nothing else of it or beyond.
 *
 * @param binary from scripts/kubernetes.mjs
 * @param home an empty folder; its path is short, since sockets lie in it
 * @throws {Error} with the last words of what did not start
 */
export async function startTestKubernetesNode(
  binary: string,
  home: string,
  { ports = [] }: { ports?: readonly number[] } = {},
): Promise<TestKubernetesNode> {
  const folder = join(home, 'node');
  const volumes = join(home, 'volumes');
  for (const each of ['logs', 'images', 'network']) mkdirSync(join(folder, each), { recursive: true });
  mkdirSync(volumes);
  const user = { token: randomBytes(16).toString('hex'), name: `system:node:${nodeName}`, group: 'system:nodes' };
  const cluster = await startTestKubernetes(binary, join(home, 'cluster'), {
    users: [user],
    args: {
      'kube-apiserver': [
        `--egress-selector-config-file=${writeEgress(folder)}`,
        '--kubelet-preferred-address-types=InternalIP',
        '--default-unreachable-toleration-seconds=1',
      ],
      'kube-controller-manager': [`--node-monitor-grace-period=${awaySecondsMax}s`, '--node-monitor-period=1s'],
    },
  });
  // A second node, on which nothing runs: where all nodes are away, Kubernetes takes it for its own fault and deletes no pod.
  await cluster.kubectl(['cordon', 'kwok-0']);
  const allPorts = [Number(new URL(cluster.url).port), ...ports];
  const relays: Server[] = [];
  let running: { child: ChildProcess; ended: Promise<void> } | null = null;
  try {
    for (const port of allPorts) relays.push(await relay(port, join(folder, `port-${port}.sock`)));
    await writeFiles(folder, cluster, user.token, allPorts);
    running = spawnNode(folder);
    await untilReady('True');
  } catch (error) {
    await stop();
    throw error;
  }
  const fetchPods = fetchPodsThrough(join(folder, EGRESS_SOCKET));
  return { cluster, name: nodeName, volumes, addressFromPods: (port) => `${address}:${port}`, fetchPods, stopKubelet, startKubelet, stop };

  async function stopKubelet(): Promise<void> {
    running!.child.stdin!.write('stop kubelet\n');
    await untilReady('Unknown');
  }

  async function startKubelet(): Promise<void> {
    running!.child.stdin!.write('start kubelet\n');
    await untilReady('True');
  }

  async function untilReady(status: 'True' | 'Unknown'): Promise<void> {
    let hasEnded = false;
    void running!.ended.then(() => (hasEnded = true));
    const condition = '-o=jsonpath={.status.conditions[?(@.type=="Ready")].status}';
    await until(`node ${nodeName} to be ready: ${status} (logs: ${folder}/logs)`, async () => {
      if (hasEnded) throw new Error(`node ${nodeName}: expected it to run, found it ended: ${lastWords(folder)}`);
      return (await cluster.kubectl(['get', 'node', nodeName, condition]).catch(() => '')) === status;
    });
  }

  async function stop(): Promise<void> {
    running?.child.stdin!.end();
    await running?.ended;
    for (const server of relays) server.close();
    await cluster.stop();
  }
}

/** Its namespaces end with our end of its standard input, also where we are killed. */
function spawnNode(folder: string): { child: ChildProcess; ended: Promise<void> } {
  const { kubeletFolder, containerdFolder } = findKubernetesNode()!;
  const environment = { PATH: [kubeletFolder, containerdFolder, searchPath].join(delimiter), HOME: folder };
  const child = spawn('sh', [initScript, folder], { env: environment, detached: true, stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr!.on('data', (words: Buffer) => writeFileSync(join(folder, 'logs', 'init.log'), (said += words.toString())));
  child.stdin!.on('error', () => undefined); // it has ended, as `ended` says
  return { child, ended: new Promise((resolve) => child.once('exit', () => resolve())) };
}

async function writeFiles(folder: string, cluster: TestKubernetes, token: string, ports: readonly number[]): Promise<void> {
  const settings = { name: newName(), node_name: nodeName, address, ports: ports.join(' '), node: process.execPath };
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
  const kubeconfig = JSON.parse(readFileSync(cluster.kubeconfig, 'utf8')) as { users: { user: { token: string } }[] };
  kubeconfig.users[0]!.user.token = token;
  const files: Record<string, string> = {
    'settings.sh': lines.join(''),
    kubeconfig: JSON.stringify(kubeconfig),
    'kubelet.json': JSON.stringify(kubeletSettings(folder, settings)),
    'containerd.toml': containerdSettings(folder, { runc: findProgram('runc')!, plugins: networkPluginFolder()!, pauseImage }),
    'network/10-bridge.conflist': JSON.stringify(networkSettings()),
  };
  for (const [path, content] of Object.entries(files)) writeFileSync(join(folder, path), content, { mode: 0o600 });
  const image = { busybox: findProgram('busybox')!, architecture: arch() === 'x64' ? 'amd64' : arch() };
  for (const [index, name] of [pauseImage, TRAINER_IMAGE].entries()) await writeImage(join(folder, 'images', `${index}.tar`), name, image);
}

/** The API server asks the kubelet for logs; its network is another. */
function writeEgress(folder: string): string {
  const file = join(folder, 'egress.json');
  const connection = { proxyProtocol: 'HTTPConnect', transport: { uds: { udsName: join(folder, EGRESS_SOCKET) } } };
  const egress = {
    apiVersion: 'apiserver.k8s.io/v1beta1',
    kind: 'EgressSelectorConfiguration',
    egressSelections: [{ name: 'cluster', connection }],
  };
  writeFileSync(file, JSON.stringify(egress));
  return file;
}

function relay(port: number, socketFile: string): Promise<Server> {
  const server = createServer((socket) => {
    const service = connect(port, LOOPBACK);
    socket.pipe(service).pipe(socket);
    socket.on('error', () => service.destroy()).on('close', () => service.destroy());
    service.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  });
  return new Promise((resolve, reject) => server.once('error', reject).listen(socketFile, () => resolve(server)));
}

function newName(): string {
  return `ratchet-node-${process.pid}-${randomBytes(3).toString('hex')}`;
}

function findProgram(name: string): string | null {
  return searchPath.split(delimiter).map((folder) => join(folder, name)).find(isExecutable) ?? null; // prettier-ignore
}

function networkPluginFolder(): string | null {
  return ['/usr/lib/cni', '/opt/cni/bin'].find((folder) => isExecutable(join(folder, 'bridge'))) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function lastWords(folder: string): string {
  const words = ['init', 'images', 'containerd', 'kubelet'].map((name) => {
    const file = join(folder, 'logs', `${name}.log`);
    return existsSync(file) ? `${name}: ${readFileSync(file, 'utf8').trim().split('\n').at(-1)}` : '';
  });
  return words.filter(Boolean).join('; ');
}
