import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createLocalJobCluster } from '../../src/adapters/local/job-cluster.js';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import { KubernetesCluster } from '../../src/domain/kubernetes-cluster.js';
import type { Job, JobSpec } from '../../src/domain/job.js';
import type { JobCluster } from '../../src/ports/job-cluster.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import { describeJobCluster, jobEnd, nodeJob, runJob, untilJob } from '../contracts/job-cluster.js';
import { describeLongJobs } from '../contracts/long-jobs.js';
import { startTestKubernetesNode, TRAINER_IMAGE, type TestKubernetesNode } from '../servers/kubernetes-node.js';
import { machineFolders, machineVolumes, volumeManifests } from '../servers/node/machine-volumes.js';
import { openJobCluster } from './open-job-cluster.js';
import { prepareTraining, STEPS_FOLDER } from './real-training.js';

const kubernetes = inject('kubernetes');
const python = inject('python');
const { signal } = new AbortController();

describe.skipIf(!kubernetes?.hasNode)('jobs on a real node (skipped where this machine cannot run one)', () => {
  let home: string;
  let node: TestKubernetesNode;
  let objectStore: ObjectStore;
  let opened: Awaited<ReturnType<typeof openJobCluster>>;
  let onNode: KubernetesCluster;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'ratchet-node-'));
    node = await startTestKubernetesNode(kubernetes!.binary, home);
    const [store, checkpoints] = ['store', 'checkpoints'].map((name) => join(node.volumes, name)) as [string, string];
    objectStore = createLocalObjectStore(store);
    opened = await openJobCluster({ binary: kubernetes!.binary, kubeconfig: node.cluster.kubeconfig }, objectStore);
    chmodSync(home, 0o755);
    for (const folder of [store, join(store, 'objects'), join(store, 'objects', 'sha256'), checkpoints]) {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o777); // pods are not root
    }
    const machine = machineVolumes(opened.namespace, [...machineFolders({ dir: dirname(dirname(python)), python }), STEPS_FOLDER]);
    const items = [
      ...machine.manifests,
      ...volumeManifests(opened.namespace, 'checkpoints', checkpoints),
      ...volumeManifests(opened.namespace, 'store', store),
    ];
    await node.cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    onNode = KubernetesCluster.parse({
      kind: 'kubernetes',
      image: TRAINER_IMAGE,
      volumes: [...machine.volumes, { claim: 'store', mountPath: store }],
      checkpointClaim: 'checkpoints',
    });
  }, 240_000);
  afterAll(async () => {
    opened?.cluster.close();
    await node?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  /** The jobs of the contract name no cluster, and ask for more processors than a small machine has for several at once. */
  function open(): Promise<{ cluster: JobCluster; objectStore: ObjectStore }> {
    const placed = (spec: JobSpec): JobSpec => ({ cluster: onNode, ...spec, resources: { ...spec.resources, cpus: 0.1 } });
    const cluster: JobCluster = { ...opened.cluster, submit: (spec, aborted) => opened.cluster.submit(placed(spec), aborted) };
    return Promise.resolve({ cluster, objectStore });
  }

  describe.concurrent('as any other cluster', () => {
    describeJobCluster('Kubernetes', open, { seesSignals: false });
    describeLongJobs('Kubernetes', open);

    test('an image that is nowhere is told while it waits, and then the job is given up', async () => {
      const { cluster } = await open();
      const spec = nodeJob('', { cluster: { ...onNode, image: 'localhost/nowhere:1', pendingSecondsMax: 45 } });
      await cluster.submit(spec, signal);
      const isTold = ({ progress }: Job) => /nowhere/.test(progress?.message ?? '');
      expect(await untilJob(cluster, spec.name, isTold)).toMatchObject({ phase: 'Pending' });
      expect(await jobEnd(cluster, spec.name)).toMatchObject({
        failure: { type: 'JobSpecInvalid', message: expect.stringMatching(/could not be pulled/) },
      });
      await cluster.stop(spec.name);
    });

    test('a Secret that is not there is told by its name', async () => {
      const { cluster } = await open();
      const secrets = [{ variable: 'AWS_SECRET_ACCESS_KEY', secret: 'nowhere', key: 'secret' }];
      const spec = nodeJob('', { cluster: { ...onNode, secrets, pendingSecondsMax: 45 } });
      expect(await runJob(cluster, spec)).toMatchObject({
        failure: { type: 'JobSpecInvalid', message: expect.stringMatching(/secret "nowhere" not found/) },
      });
      await cluster.stop(spec.name);
    });
  });

  test('a training that is stopped, evicted and loses its node goes on each time, and gives the model of one that ran through here', async () => {
    const specOf = await prepareTraining(objectStore, python, 'flights/train-1');
    const local = createLocalJobCluster({ home: join(home, 'local'), objectStore, pythonBin: dirname(python), stepsPath: STEPS_FOLDER });
    const { output } = await runJob(local, specOf(1, 0));
    expect(output).toMatchObject({ model: { format: 'onnx' }, rows: 640 });

    const stopped = await startedTraining(1);
    await opened.cluster.stop(stopped);
    expect(await opened.cluster.describe(stopped)).toMatchObject({
      failure: { type: 'JobStopped', logTail: expect.stringMatching(/checkpoint after step \d+/) },
    });

    const evicted = await startedTraining(2);
    await opened.evict(evicted);
    expect(await jobEnd(opened.cluster, evicted)).toMatchObject({
      failure: {
        type: 'JobLost',
        message: expect.stringMatching(/drained/),
        logTail: expect.stringMatching(/going on from the checkpoint/),
      },
    });

    const away = await startedTraining(3);
    await node.stopKubelet();
    await untilDeleted(away);
    await node.startKubelet();
    expect(await jobEnd(opened.cluster, away)).toMatchObject({
      failure: {
        type: 'JobLost',
        message: expect.stringMatching(/its node is lost/),
        logTail: expect.stringMatching(/checkpoint after step/),
      },
    });

    const last = await runJob(opened.cluster, specOf(4, 0, onNode));
    expect(last).toMatchObject({ phase: 'Succeeded', output: { model: (output as { model: object }).model } });

    /** Runs until it has a checkpoint of its own. */
    async function startedTraining(attempt: number): Promise<string> {
      const spec = specOf(attempt, 0.2, onNode);
      await opened.cluster.submit(spec, signal);
      await expect.poll(() => opened.cluster.logs(spec.name), { timeout: 90_000, interval: 500 }).toMatch(/checkpoint after step \d+$/m);
      return spec.name;
    }
  }, 300_000);

  async function untilDeleted(name: string): Promise<void> {
    const pods = () => opened.read('pods', '-l', `batch.kubernetes.io/job-name=${name}`);
    const isDeleted = { items: [{ metadata: { deletionTimestamp: expect.any(String) } }] };
    await expect.poll(pods, { timeout: 60_000 }).toMatchObject(isDeleted);
  }
});
