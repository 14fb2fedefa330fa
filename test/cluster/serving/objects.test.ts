import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { InstanceSpec } from '../../../src/domain/serving.js';
import { instanceOf } from '../../contracts/serving.js';
import { startLoopbackNode, type LoopbackNode } from './loopback-node.js';
import { openServing, serversOf } from './open-serving.js';

const shared = inject('kubernetes');
const { signal } = new AbortController();

describe.skipIf(shared === null)('what serving makes of a cluster’s objects (skipped where no control plane was built)', () => {
  let node: LoopbackNode;
  let opened: Awaited<ReturnType<typeof openServing>>;
  let count = 0;
  const nodeName = `loopback-objects-${process.pid}`;
  const all = ['deployment', 'service', 'pdb', 'hpa', 'networkpolicy'];

  beforeAll(async () => {
    node = await startLoopbackNode(shared!.kubeconfig, nodeName);
    opened = await openServing();
  });
  afterAll(() => node?.stop());

  async function specOf(change: Parameters<typeof serversOf>[0] = {}): Promise<InstanceSpec> {
    const digest = await opened.store.put(Buffer.from('model'));
    count += 1;
    return instanceOf(digest, {
      name: `o-${count}`,
      model: `o${count}`,
      cluster: serversOf({ nodeSelector: { node: nodeName }, ...change }),
    });
  }

  test('a version is a Deployment with a Service, a disruption budget, an autoscaler and a network policy, and they go with it', async () => {
    const spec = await specOf({ replicasMax: 4, allowFrom: [{ namespace: 'gateways', pods: { app: 'gateway' } }, { cidr: '10.1.0.0/16' }], secrets: [{ variable: 'AWS_SECRET_ACCESS_KEY', secret: 'store', key: 'secret' }] }); // prettier-ignore
    await opened.serving.prepare(spec, signal);
    const labels = { 'ratchet.dev/instance': spec.name, 'ratchet.dev/spec': expect.stringMatching(/^[0-9a-f]{8}$/) };
    const [deployment, ...companions] = (await Promise.all(all.map((kind) => opened.read(kind, spec.name)))) as [
      { metadata: { uid: string } },
      ...object[],
    ];
    expect(deployment).toMatchObject({
      metadata: { labels: { 'app.kubernetes.io/managed-by': 'ratchet', 'ratchet.dev/model': spec.model, ...labels } },
      spec: {
        strategy: { rollingUpdate: { maxUnavailable: 0 } },
        template: {
          spec: {
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 120,
            securityContext: { runAsNonRoot: true, runAsUser: 10_001 },
            containers: [
              {
                securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
                readinessProbe: { httpGet: { path: '/v2/health/ready', port: 8080 } },
                lifecycle: { preStop: { sleep: { seconds: 5 } } },
                env: expect.arrayContaining([
                  { name: 'AWS_SECRET_ACCESS_KEY', valueFrom: { secretKeyRef: { name: 'store', key: 'secret' } } },
                ]),
              },
            ],
          },
        },
      },
    });
    const owned = { ownerReferences: [expect.objectContaining({ kind: 'Deployment', uid: deployment.metadata.uid })] };
    expect(companions).toMatchObject([
      { metadata: owned, spec: { type: 'ClusterIP', selector: labels, ports: [{ name: 'http', port: 8080, appProtocol: 'http' }] } },
      { metadata: owned, spec: { maxUnavailable: 1, selector: { matchLabels: labels } } },
      { metadata: owned, spec: { scaleTargetRef: { name: spec.name }, minReplicas: 1, maxReplicas: 4 } },
      {
        metadata: owned,
        spec: {
          podSelector: { matchLabels: labels },
          policyTypes: ['Ingress'],
          ingress: [
            {
              from: [
                {
                  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'gateways' } },
                  podSelector: { matchLabels: { app: 'gateway' } },
                },
                { ipBlock: { cidr: '10.1.0.0/16' } },
              ],
              ports: [{ port: 8080 }],
            },
          ],
        },
      },
    ]);
    await opened.serving.retire(spec.name, 1);
    expect(await opened.run('get', all.join(','), '-o', 'name', '-l', `ratchet.dev/instance=${spec.name}`)).toBe('');
  });

  test('where it may grow the autoscaler has made as many as were asked for by when it is ready', async () => {
    const spec = { ...(await specOf({ replicasMax: 4 })), replicas: 2 };
    const instance = await opened.serving.prepare(spec, signal);
    expect(instance.replicas.map(({ ready }) => ready)).toEqual([true, true]);
    await opened.serving.retire(spec.name, 1);
  });

  test('asked for by two workers at once it is one; of two different specs one is refused', async () => {
    const spec = await specOf();
    const [one, two] = await Promise.all([opened.serving.prepare(spec, signal), opened.open().prepare(spec, signal)]);
    expect(one).toEqual(two);
    expect(await opened.read('deployments', '-l', `ratchet.dev/instance=${spec.name}`)).toMatchObject({ items: [{}] });
    const other = await specOf();
    const results = await Promise.allSettled([
      opened.serving.prepare(other, signal),
      opened.open().prepare({ ...other, rowsMax: 7 }, signal),
    ]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { type: 'InstanceConflict' } });
    await Promise.all([spec, other].map(({ name }) => opened.serving.retire(name, 1)));
  });

  test('a worker that died after the Deployment: the next one makes what is missing', async () => {
    const spec = await specOf();
    const before = await opened.serving.prepare(spec, signal);
    await opened.run('delete', 'service,pdb', spec.name);
    expect(await opened.open().prepare(spec, signal)).toEqual(before);
    await opened.run('get', 'service', spec.name);
    await opened.serving.retire(spec.name, 1);
  });

  test('an edit by hand is seen, named and not overwritten; set back, it is forgotten', async () => {
    const spec = await specOf();
    const edits = async (): Promise<readonly string[]> => (await opened.serving.describe(spec.name))?.edits ?? [];
    await opened.serving.prepare(spec, signal);
    expect(await edits()).toEqual([]);
    await opened.run('set', 'image', `deployment/${spec.name}`, 'server=registry.example/other');
    await expect(opened.serving.prepare(spec, signal)).rejects.toMatchObject({
      type: 'InstanceConflict',
      message: expect.stringMatching(/kubectl-set.*containers.*image/),
    });
    expect(await opened.read('deployment', spec.name)).toMatchObject({ spec: { template: { spec: { containers: [{ image: 'registry.example/other' }] } } } }); // prettier-ignore
    expect(await edits()).toEqual([expect.stringMatching(/kubectl-set.*containers.*image/)]);
    await opened.run('set', 'image', `deployment/${spec.name}`, `server=${spec.cluster!.image}`);
    expect(await edits()).toEqual([]); // kubectl-set still holds the field
    await opened.serving.prepare(spec, signal);
    await opened.run('set', 'env', `deployment/${spec.name}`, 'DEBUG=1');
    const variable = 'kubectl-set: spec.template.spec.containers[server].env[DEBUG]';
    expect(await edits()).toEqual([`${variable}.name`, `${variable}.value`]);
    await expect(opened.serving.prepare(spec, signal)).rejects.toMatchObject({
      type: 'InstanceConflict',
      message: expect.stringMatching(/containers\[server\]\.env\[DEBUG\]/),
    });
    await opened.run('set', 'env', `deployment/${spec.name}`, 'DEBUG-');
    await opened.run('rollout', 'restart', `deployment/${spec.name}`);
    await opened.serving.prepare(spec, signal);
    expect(await edits()).toEqual([]);
    await opened.run('scale', `deployment/${spec.name}`, '--replicas=2');
    expect(await edits()).toEqual([expect.stringMatching(/kubectl.*: spec\.replicas/)]);
    await opened.serving.retire(spec.name, 1);
  });

  test('what has the name and is somebody else’s is neither changed nor removed', async () => {
    const [deployed, served] = [await specOf(), await specOf()];
    await opened.run('create', 'deployment', deployed.name, '--image=registry.example/shop', '--replicas=0');
    await opened.run('create', 'service', 'clusterip', served.name, '--tcp=80');
    const before = await opened.read('deployment,service', '-l', 'app');
    for (const spec of [deployed, served]) {
      await expect(opened.serving.prepare(spec, signal)).rejects.toMatchObject({ type: 'InstanceConflict' });
      await opened.serving.retire(spec.name, 1);
    }
    expect(await opened.serving.describe(deployed.name)).toBeNull();
    const after = await opened.read('deployment,service', '-l', 'app');
    const specs = (found: unknown) => (found as { items: { spec: object }[] }).items.map(({ spec }) => spec);
    expect(specs(after)).toEqual(specs(before));
    expect(specs(after)).toHaveLength(2);
  });
});
