import { KubeConfig } from '@kubernetes/client-node';
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { createKubernetesServing } from '../../../src/adapters/kubernetes/serving/serving.js';
import type { InstanceSpec } from '../../../src/domain/serving.js';
import { instanceOf } from '../../contracts/serving.js';
import { startLoopbackNode, type LoopbackNode } from './loopback-node.js';
import { openServing, serversOf } from './open-serving.js';

const shared = inject('kubernetes');
const { signal } = new AbortController();

describe.skipIf(shared === null)('bad days of serving on Kubernetes (skipped where no control plane was built)', () => {
  let node: LoopbackNode;
  let opened: Awaited<ReturnType<typeof openServing>>;
  let count = 0;
  const nodeName = `loopback-bad-${process.pid}`;

  beforeAll(async () => {
    node = await startLoopbackNode(shared!.kubeconfig, nodeName);
    opened = await openServing();
  });
  afterAll(() => node?.stop());

  async function specOf(change: Parameters<typeof serversOf>[0] = {}, seconds = 60): Promise<InstanceSpec> {
    const digest = await opened.store.put(Buffer.from('model'));
    const cluster = serversOf({ nodeSelector: { node: nodeName }, ...change });
    return instanceOf(digest, { name: `b-${++count}`, model: `b${count}`, readySecondsMax: seconds, cluster });
  }

  test('an image that cannot be pulled, room that no node has, and a quota that is used up are told with what to do', async () => {
    const broken = opened.open({ KWOK_FATE: 'ImagePullBackOff' });
    const unpulled = await specOf({ nodeSelector: { type: 'kwok' } }, 5);
    await expect(broken.prepare(unpulled, signal)).rejects.toMatchObject({
      type: 'InstanceNotReady',
      message: expect.stringMatching(/its server 1 could not be started \(ImagePullBackOff\): Back-off pulling/),
      remedy: expect.stringMatching(/serving\.cluster\.image, and imagePullSecrets/),
    });
    const tooLarge = await specOf({ cpus: 1000 }, 5);
    await expect(opened.serving.prepare(tooLarge, signal)).rejects.toMatchObject({
      type: 'InstanceNotReady',
      message: expect.stringMatching(/no node takes its server 1: .*Insufficient cpu/),
      remedy: expect.stringMatching(/cpus and memoryMiB/),
    });
    await Promise.all([unpulled, tooLarge].map(({ name }) => opened.serving.retire(name, 1)));
    await opened.run('create', 'quota', 'full', '--hard=pods=0');
    const refused = await specOf({}, 5);
    await expect(opened.serving.prepare(refused, signal)).rejects.toMatchObject({
      type: 'InstanceNotReady',
      message: expect.stringMatching(/a pod could not be made: .*exceeded quota: full/),
      remedy: expect.stringMatching(/ResourceQuota/),
    });
    await opened.run('delete', 'quota', 'full');
    await opened.serving.retire(refused.name, 1);
  });

  test('while the API server is away that is transient, and asked again it is one instance', async () => {
    const { link, kubeConfig } = await linkTo(opened.kubeConfig);
    const serving = createKubernetesServing({ kubeConfig, namespaces: [opened.namespace], store: opened.store, environment: {} });
    const spec = await specOf({}, 120);
    const cutOff = serving.prepare(spec, signal).then(
      () => null,
      (error: unknown) => error,
    );
    await expect.poll(() => opened.serving.describe(spec.name), { timeout: 60_000 }).not.toBeNull();
    link.cut();
    expect(await cutOff).toMatchObject({ type: 'ServingUnavailable', class: 'transient' });
    await expect(serving.describe(spec.name)).rejects.toMatchObject({ type: 'ServingUnavailable' });
    link.mend();
    const instance = await serving.prepare(spec, signal);
    expect(instance.replicas).toEqual([expect.objectContaining({ ready: true, restarts: 0 })]);
    expect(await opened.read('deployments', '-l', `ratchet.dev/instance=${spec.name}`)).toMatchObject({ items: [{}] });
    await serving.retire(spec.name, 1);
  });

  test('a namespace that the worker does not serve in is refused by name', async () => {
    const spec = await specOf({ namespace: 'other' });
    await expect(opened.serving.prepare(spec, signal)).rejects.toMatchObject({
      type: 'SpecInvalid',
      message: expect.stringContaining('serving.cluster.namespace'),
    });
  });
});

/** A way to the API server that can be cut. */
async function linkTo(kubeConfig: KubeConfig) {
  const { hostname, port } = new URL(kubeConfig.getCurrentCluster()!.server);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((socket) => {
    if (isCut) return void socket.destroy();
    const api = connect(Number(port), hostname);
    for (const each of [socket, api]) {
      sockets.add(each);
      each.on('error', () => undefined).on('close', () => [socket, api].forEach((one) => one.destroy()));
    }
    socket.pipe(api).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const linked = new KubeConfig();
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  linked.loadFromClusterAndUser({ ...kubeConfig.getCurrentCluster()!, server: url }, kubeConfig.getCurrentUser()!);
  return { kubeConfig: linked, link: { cut, mend: () => void (isCut = false) } };
}
