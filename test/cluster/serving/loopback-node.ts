import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CoreV1Api, PatchStrategy, setHeaderOptions, type V1Pod } from '@kubernetes/client-node';
import { loadKubeConfig } from '../../../src/adapters/kubernetes/kube-config.js';
import { serverEnvironment } from '../../../src/adapters/local/servers/server-process.js';

const standIn = fileURLToPath(new URL('../../servers/stand-in', import.meta.url));
const STAND_IN: NodeServer = { python: 'python3', environment: { PYTHONPATH: standIn } };
const merging = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);
const lookMs = 100;
const heartbeatMs = 10_000;

interface RunningPod {
  readonly ip: string;
  readonly namespace: string;
  readonly name: string;
  process: ChildProcess | null;
  said: string;
  restarts: number;
  lastEnd: { exitCode: number; message: string } | null;
  isReady: boolean;
  /** What the API server was told last. */
  told: string;
}

/** How a pod's server is started: `environment` on top of a plain one, `python` in place of the system's. */
export interface NodeServer {
  readonly python: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface LoopbackNode {
  readonly name: string;
  /** Kills the server of a pod, as a crash would. */
  crash(podName: string): void;
  stop(): Promise<void>;
}

/**
 * A node whose pods are processes of this machine, each at a loopback address of its own: what a kubelet does for model servers,
 * without containers. It runs the stand-in for a model server, or another one, with the pod's own configuration.
 */
export async function startLoopbackNode(kubeconfig: string, name: string, server: NodeServer = STAND_IN): Promise<LoopbackNode> {
  const core = loadKubeConfig(kubeconfig).makeApiClient(CoreV1Api);
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-loopback-node-'));
  const pods = new Map<string, RunningPod>();
  const network = `127.${64 + Math.floor(Math.random() * 128)}.${Math.floor(Math.random() * 256)}`;
  let isEnding = false;
  let beatMs = -Infinity;
  const room = { cpu: '32', memory: '64Gi', pods: '200' };
  await core.createNode({ body: { metadata: { name, labels: { node: name } }, status: { allocatable: room, capacity: room } } });
  const looking = look();
  return { name, crash, stop };

  function crash(podName: string): void {
    [...pods.values()].find((pod) => pod.name === podName)!.process!.kill('SIGKILL');
  }

  async function stop(): Promise<void> {
    isEnding = true;
    await looking;
    for (const { process } of pods.values()) process?.kill('SIGKILL');
    await core.deleteNode({ name });
    rmSync(folder, { recursive: true, force: true });
  }

  async function look(): Promise<void> {
    while (!isEnding) {
      // The API server of a test may be away: then the next look finds what has changed.
      await lookOnce().catch(() => undefined);
      await sleep(lookMs);
    }
  }

  async function lookOnce(): Promise<void> {
    if (performance.now() - beatMs > heartbeatMs) {
      const now = new Date().toISOString();
      const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now };
      await core.patchNodeStatus({ name, body: { status: { conditions: [ready], allocatable: room, capacity: room } } }, merging);
      beatMs = performance.now();
    }
    const { items } = await core.listPodForAllNamespaces({ fieldSelector: `spec.nodeName=${name}` });
    await Promise.all(items.map((pod) => (pod.metadata!.deletionTimestamp ? end(pod) : run(pod))));
  }

  async function run(pod: V1Pod): Promise<void> {
    const { uid, namespace, name: podName } = pod.metadata!;
    const running = pods.get(uid!) ?? { ip: `${network}.${pods.size + 1}`, namespace: namespace!, name: podName!, process: null, said: '', restarts: 0, lastEnd: null, isReady: false, told: '' }; // prettier-ignore
    pods.set(uid!, running);
    running.process ??= start(pod, running);
    running.isReady = await fetch(`http://${running.ip}:8080/v2/health/ready`).then(({ ok }) => ok, () => false); // prettier-ignore
    await tell(pod, running);
  }

  function start({ metadata }: V1Pod, running: RunningPod): ChildProcess {
    const scratch = join(folder, metadata!.uid!);
    const file = join(scratch, 'server.json');
    mkdirSync(scratch, { recursive: true });
    const config: object = JSON.parse(metadata!.annotations!['ratchet.dev/server']!);
    const places = { host: running.ip, artifactPath: join(scratch, 'artifact'), logFolder: join(scratch, 'predictions') };
    writeFileSync(file, JSON.stringify({ ...config, ...places }));
    const environment = { ...serverEnvironment(), ...server.environment, RATCHET_SERVE_CONFIG: file };
    const child = spawn(server.python, ['-m', 'ratchet_serve'], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
    running.said = '';
    child.stderr.on('data', (words: Buffer) => (running.said += words.toString()));
    child.once('close', (code) => {
      running.lastEnd = { exitCode: code ?? 137, message: running.said };
      running.restarts += 1;
      running.process = null;
    });
    return child;
  }

  async function tell(pod: V1Pod, { ip, restarts, lastEnd, isReady, ...running }: RunningPod): Promise<void> {
    const told = JSON.stringify([ip, restarts, isReady]);
    if (told === running.told) return;
    const now = new Date();
    const container = pod.spec!.containers[0]!;
    const status = {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      startTime: now,
      conditions: ['Initialized', 'ContainersReady', 'Ready'].map((type) => ({ type, status: type === 'Initialized' || isReady ? 'True' : 'False', lastTransitionTime: now })), // prettier-ignore
      containerStatuses: [
        {
          name: container.name,
          image: container.image!,
          imageID: '',
          ready: isReady,
          restartCount: restarts,
          state: { running: { startedAt: now } },
          ...(lastEnd && { lastState: { terminated: { ...lastEnd, reason: 'Error', startedAt: now, finishedAt: now } } }),
        },
      ],
    };
    await core.patchNamespacedPodStatus({ name: pod.metadata!.name!, namespace: pod.metadata!.namespace!, body: { status } }, merging);
    pods.get(pod.metadata!.uid!)!.told = told;
  }

  async function end({ metadata }: V1Pod): Promise<void> {
    const running = pods.get(metadata!.uid!);
    running?.process?.removeAllListeners('close');
    running?.process?.kill('SIGTERM');
    await core.deleteNamespacedPod({ name: metadata!.name!, namespace: metadata!.namespace!, body: { gracePeriodSeconds: 0 } });
  }
}
