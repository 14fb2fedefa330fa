import { KubeConfig, BatchV1Api } from '@kubernetes/client-node';
import { inject, expect, test } from 'vitest';
import { createKubernetesJobCluster } from '../../src/adapters/kubernetes/job-cluster.js';
import { jobManifest } from '../../src/adapters/kubernetes/job-manifest.js';
import { loadKubeConfig } from '../../src/adapters/kubernetes/kube-config.js';
import { digestOf } from '../../src/domain/digest.js';
import { KubernetesCluster } from '../../src/domain/kubernetes-cluster.js';
import type { Job } from '../../src/domain/job.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { createKubectl } from '../servers/kubectl.js';
import { startCountingProxy } from '../servers/counting-proxy.js';
import { fatedJob } from './open-job-cluster.js';

const at = inject('kubernetes');

/** They wait for their queue, so that none needs a pod. */
async function makeJobs(batch: BatchV1Api, namespace: string, count: number): Promise<string[]> {
  const place = { namespace, storeUri: 'memory:', environment: {}, checkpoints: null };
  const specs = Array.from({ length: count }, (_, index) => ({ ...fatedJob({}), name: `m-c${index + 1}-train-a1` }));
  const cluster = KubernetesCluster.parse({ kind: 'kubernetes', image: 'registry.example/trainer@sha256:0', queue: 'research' });
  for (const spec of specs) {
    const { name: _, ...rest } = spec;
    await batch.createNamespacedJob({ namespace, body: jobManifest(spec, cluster, digestOf(rest), place) });
  }
  return specs.map(({ name }) => name);
}

test.skipIf(at === null)('two hundred watched jobs cost no request more than ten, and each is told of its own end', async () => {
  const namespace = `many-${process.pid}`;
  await createKubectl(at!.binary, at!.kubeconfig)(['create', 'namespace', namespace]);
  const admin = loadKubeConfig(at!.kubeconfig);
  const batch = admin.makeApiClient(BatchV1Api);
  const names = await makeJobs(batch, namespace, 200);
  const { server, caFile } = admin.getCurrentCluster()!;
  const proxy = await startCountingProxy({ url: server, caFile: caFile! });
  const kubeConfig = new KubeConfig();
  const { token } = admin.getCurrentUser()!;
  kubeConfig.loadFromClusterAndUser({ name: 'counted', server: proxy.url, skipTLSVerify: true }, { name: 'worker', token: token! });
  const cluster = createKubernetesJobCluster({
    kubeConfig,
    namespaces: [namespace],
    objectStore: createMemoryStore(),
    environment: {},
    clearStored: null,
  });
  const ending = new AbortController();
  const seen = new Map<string, Job>();
  const failed: unknown[] = [];
  const watch = async (name: string): Promise<void> => {
    for await (const job of cluster.watch(name, { signal: ending.signal, heartbeatMs: 60_000 })) seen.set(name, job);
  };
  const watchAll = (some: readonly string[]) => some.map((name) => watch(name).catch((error: unknown) => void failed.push(error)));
  const watches = watchAll(names.slice(0, 10));
  await expect.poll(() => seen.size, { timeout: 60_000 }).toBe(10);
  const kinds = () => Object.keys(proxy.counts()).sort();
  await expect.poll(kinds, { timeout: 60_000 }).toEqual(['list jobs', 'list pods', 'watch jobs', 'watch pods']);
  const requests = proxy.counts();
  watches.push(...watchAll(names.slice(10)));
  await expect.poll(() => seen.size, { timeout: 60_000 }).toBe(200);
  expect(proxy.counts()).toEqual(requests);
  await batch.deleteNamespacedJob({ name: names[117]!, namespace, propagationPolicy: 'Background' });
  await watches[117];
  expect(failed).toMatchObject([{ type: 'JobLost', message: expect.stringContaining(names[117]!) }]);
  ending.abort();
  await Promise.all(watches);
  cluster.close();
  await proxy.stop();
});
