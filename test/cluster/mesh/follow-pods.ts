import { CoreV1Api, type V1Pod } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { loadKubeConfig } from '../../../src/adapters/kubernetes/kube-config.js';
import { createKubectl } from '../../servers/kubectl.js';
import type { ControlPlane } from '../worker-namespace.js';
import { workloadEntry } from './mesh-objects.js';

const lookMs = 100;

/**
 * Says where the pods of a namespace answer that are ready, as Kubernetes does by itself where pods have addresses that it takes:
 * here each has a loopback address.
 */
export function followPods({ binary, kubeconfig }: ControlPlane, namespace: string): void {
  const core = loadKubeConfig(kubeconfig).makeApiClient(CoreV1Api);
  const kubectl = createKubectl(binary, kubeconfig);
  const told = new Set<string>();
  let isEnding = false;
  onTestFinished(() => {
    isEnding = true;
  });
  void follow();

  async function follow(): Promise<void> {
    while (!isEnding) {
      await look().catch(() => undefined); // looked at again
      await sleep(lookMs);
    }
  }

  async function look(): Promise<void> {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: 'ratchet.dev/instance' });
    const ready = new Map(items.filter(isReady).map((pod) => [pod.metadata!.name!, pod]));
    for (const [name, { metadata, status }] of ready) {
      if (told.has(name)) continue;
      const place = { labels: metadata!.labels!, address: `${status!.podIP}:8080` };
      await kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(workloadEntry(name, namespace, place)));
      told.add(name);
    }
    for (const name of told) {
      if (ready.has(name)) continue;
      await kubectl(['-n', namespace, 'delete', 'workloadentry', name, '--ignore-not-found', '--wait=false']);
      told.delete(name);
    }
  }
}

function isReady({ metadata, status }: V1Pod): boolean {
  const says = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  return metadata?.deletionTimestamp === undefined && says === true;
}
