import { KubeConfig, BatchV1Api } from '@kubernetes/client-node';
import { inject, expect, test } from 'vitest';
import { createKubernetesJobCluster } from '../../src/adapters/kubernetes/job-cluster.js';
import { loadKubeConfig } from '../../src/adapters/kubernetes/kube-config.js';
import type { Job } from '../../src/domain/job.js';
import { createMemoryStore } from '../fakes/memory-store.js';
import { createKubectl } from '../servers/kubectl.js';
import { startCountingProxy } from '../servers/counting-proxy.js';
import { makeQueuedJobs } from '../servers/queued-jobs.js';

const at = inject('kubernetes');

test.skipIf(at === null)('two hundred watched jobs cost no request more than ten, and each is told of its own end', async () => {
  const namespace = `many-${process.pid}`;
  await createKubectl(at!.binary, at!.kubeconfig)(['create', 'namespace', namespace]);
  const admin = loadKubeConfig(at!.kubeconfig);
  const batch = admin.makeApiClient(BatchV1Api);
  const names = await makeQueuedJobs(at!.kubeconfig, namespace, 200);
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
