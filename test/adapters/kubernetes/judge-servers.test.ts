import type { V1ContainerStatus, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { handEdits } from '../../../src/adapters/kubernetes/serving/hand-edits.js';
import { judgeServers } from '../../../src/adapters/kubernetes/serving/judge-servers.js';

const settled: V1Deployment = {
  metadata: { generation: 2 },
  status: { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
};

function pod(server: Partial<V1ContainerStatus>, isReady = false): V1Pod {
  const sidecar = { name: 'proxy', image: 'p', imageID: '', ready: true, restartCount: 9 };
  const status = { name: 'server', image: 's', imageID: '', ready: isReady, restartCount: 0, ...server };
  return {
    metadata: { name: 'm-1-x' },
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }], containerStatuses: [sidecar, status] },
  };
}

function died(times: number, end: { exitCode: number; message?: string; reason?: string }): Partial<V1ContainerStatus> {
  return { restartCount: times, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: end } };
}

test.for<[says: string, pods: V1Pod[], expected: object]>([
  ['ready', [pod({}, true)], { kind: 'ready' }],
  ['not yet', [pod({})], { kind: 'waiting', why: '0 of 1 are' }],
  [
    'a death, which may be the last',
    [pod(died(1, { exitCode: 75, message: 'a\nStoreUnavailable: away' }))],
    { kind: 'waiting', why: 'its server 1 died once: StoreUnavailable: away' },
  ],
  ['deaths of before are not counted', [pod(died(2, { exitCode: 1 }))], { kind: 'waiting', why: 'its server 1 died once: exit code 1' }],
  [
    'too many deaths',
    [pod(died(4, { exitCode: 64, message: 'ConfigError: no model' }))],
    { kind: 'hopeless', why: 'its server 1 died 3 times: ConfigError: no model' },
  ],
  [
    'not enough memory',
    [pod(died(2, { exitCode: 137, reason: 'OOMKilled' }))],
    { why: expect.stringContaining('OOMKilled'), remedy: 'raise serving.cluster.memoryMiB' },
  ],
  [
    'a Secret that is not there',
    [pod({ state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "store" not found' } } })],
    {
      kind: 'waiting',
      why: expect.stringContaining('secret "store" not found'),
      remedy: expect.stringContaining('serving.cluster.secrets'),
    },
  ],
  [
    'an image’s name that is none',
    [pod({ state: { waiting: { reason: 'InvalidImageName', message: 'no' } } })],
    { kind: 'hopeless', remedy: expect.stringContaining('serving.cluster.image') },
  ],
])('tells apart: %s', ([says, pods, expected]) => {
  const before = new Map([['m-1-x', says === 'ready' || says === 'a death, which may be the last' ? 0 : 1]]);
  expect(judgeServers(settled, pods, 1, before)).toMatchObject(expected);
});

test('servers of an older template do not count as ready', () => {
  const rolling = { ...settled, status: { ...settled.status, replicas: 2 } };
  expect(judgeServers(rolling, [pod({}, true), pod({}, true)], 1, new Map())).toMatchObject({ kind: 'waiting' });
});

test('an edit by hand is what another manager alone holds of the spec; status, autoscaler and restarts are none', () => {
  const image = { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"server"}': { '.': {}, 'f:image': {} } } } } };
  const entry = (manager: string, spec: object, subresource?: string) => ({
    manager,
    ...(subresource !== undefined && { subresource }),
    fieldsV1: { 'f:metadata': { 'f:labels': {} }, 'f:spec': spec },
  });
  const restart = { 'f:template': { 'f:metadata': { 'f:annotations': { 'f:kubectl.kubernetes.io/restartedAt': {} } } } };
  const managedFields = [
    entry('ratchet-serving', image),
    entry('kubectl-set', image), // set back to what it was
    entry('kubectl-edit', { 'f:paused': {} }),
    entry('kubectl-rollout', restart),
    entry('kube-controller-manager', { 'f:replicas': {} }, 'scale'),
    entry('kube-controller-manager', { 'f:x': {} }, 'status'),
  ];
  expect(handEdits({ metadata: { managedFields } }, false)).toEqual(['kubectl-edit: spec.paused']);
  const scaled = { metadata: { managedFields: [entry('kubectl', { 'f:replicas': {} }, 'scale')] } };
  expect(handEdits(scaled, false)).toEqual(['kubectl: spec.replicas']);
  expect(handEdits(scaled, true)).toEqual([]);
  expect(handEdits({ ...scaled, spec: { replicas: 0 } as never }, true)).toEqual(['kubectl: spec.replicas']); // its autoscaler rests
});
