import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { createS3ObjectStore } from '../../src/adapters/s3/object-store.js';
import { createKubernetesServing } from '../../src/adapters/kubernetes/serving/serving.js';
import { readRecords } from '../../src/client/ledger-view.js';
import type { KubernetesCluster } from '../../src/domain/kubernetes-cluster.js';
import { KubernetesServers } from '../../src/domain/kubernetes-servers.js';
import type { InstanceSpec } from '../../src/domain/serving.js';
import { startQuickStack, type QuickStack } from '../chaos/quick-stack.js';
import { startTestKubernetesNode, TRAINER_IMAGE, type TestKubernetesNode } from '../servers/kubernetes-node.js';
import { machineFolders, machineVolumes } from '../servers/node/machine-volumes.js';
import { startTestVersitygw, type TestVersitygw } from '../servers/versitygw.js';
import { cycleOver, trainOn } from './one-block-more.js';
import { openJobCluster } from './open-job-cluster.js';
import { STEPS_FOLDER } from './real-training.js';

const kubernetes = inject('kubernetes');
const versitygw = inject('versitygw');
const python = inject('python');
const modelFolder = fileURLToPath(new URL('../wiring/model', import.meta.url));
const MODEL = 'wiring';
const STORE = 's3://cycles/ratchet';
const { signal } = new AbortController();

describe.skipIf(!kubernetes?.hasNode || !versitygw)('a cycle with real pods (skipped without a node or an S3 server)', () => {
  let home: string;
  let s3: TestVersitygw;
  let node: TestKubernetesNode;
  let opened: Awaited<ReturnType<typeof openJobCluster>>;
  let stack: QuickStack;
  let podSettings: Pick<KubernetesCluster, 'volumes' | 'secrets'>;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'ratchet-cycle-'));
    chmodSync(home, 0o755); // pods are not root
    s3 = await startTestVersitygw(versitygw!, join(home, 's3'));
    mkdirSync(join(s3.folder, 'cycles'));
    node = await startTestKubernetesNode(kubernetes!.binary, home, { ports: [s3.port] });
    const at = { binary: kubernetes!.binary, kubeconfig: node.cluster.kubeconfig };
    opened = await openJobCluster(at); // its worker has the rights of deploy/kubernetes, and no others
    const machine = machineVolumes(opened.namespace, [...machineFolders({ dir: dirname(dirname(python)), python }), STEPS_FOLDER]);
    const secret = { metadata: { name: 'pods', namespace: opened.namespace }, stringData: variablesOfPods() };
    const items = [...machine.manifests, { apiVersion: 'v1', kind: 'Secret', ...secret }];
    await node.cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const secrets = Object.keys(variablesOfPods()).map((variable) => ({ variable, secret: 'pods', key: variable }));
    podSettings = { volumes: machine.volumes, secrets };
    stack = await startQuickStack({
      modelFolder,
      steps: [STEPS_FOLDER],
      extra: {
        ...s3.environment,
        RATCHET_STORE_URI: STORE,
        RATCHET_KUBERNETES_NAMESPACES: opened.namespace,
        RATCHET_KUBECONFIG: opened.writeKubeconfig(join(home, 'worker.kubeconfig')),
      },
    });
  }, 240_000);
  afterAll(async () => {
    await stack?.stop();
    opened?.cluster.close();
    await node?.stop();
    await s3?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  /** What an image would hold, and how pods of this node reach the store. */
  function variablesOfPods(): Record<string, string> {
    return {
      ...s3.environment,
      AWS_ENDPOINT_URL_S3: `http://${node.addressFromPods(s3.port)}`,
      MLFLOW_TRACKING_URI: '', // this node reaches none
      PATH: `${dirname(python)}:/bin`,
      PYTHONPATH: STEPS_FOLDER,
    };
  }

  const store = () => createS3ObjectStore({ uri: STORE, environment: s3.environment });
  async function lastPromotion() {
    const records = await readRecords(store(), MODEL);
    return records.flatMap(({ body }) => (body.kind === 'promoted' ? [body] : [])).at(-1);
  }

  test('the model file that trains here trains on the cluster by one block more, and gives the same model', async () => {
    const here = await cycleOver(stack, store(), MODEL, '2024-04-01');
    expect(here).toMatchObject({ outcome: 'promoted' });
    await trainOn(stack, { kind: 'kubernetes', image: TRAINER_IMAGE, ...podSettings });

    const there = await cycleOver(stack, store(), MODEL, '2024-04-01');
    expect(there).toMatchObject({ outcome: 'promoted' });
    expect(there.version!.model).toEqual(here.version!.model);
    const jobs = (await opened.read('jobs')) as { items: { metadata: { name: string }; status: { succeeded?: number } }[] };
    expect(jobs.items.map(({ metadata, status }) => [metadata.name, status.succeeded])).toEqual([
      [expect.stringContaining(`${MODEL}-c${there.cycle}-train-a1`), 1],
    ]);
    const audit = await stack.cli(['audit', 'verify', MODEL]);
    expect(audit.output).toContain(`${MODEL}: holds`);
  });

  test('a real pod is prepared, serves what was trained, and leaves its log of predictions when it is retired', async () => {
    const version = (await lastPromotion())!.version;
    const spec: InstanceSpec = {
      name: `${MODEL}-1`,
      model: MODEL,
      version: version.version,
      artifact: version.model,
      features: [
        { name: 'x', type: 'number', nullable: false },
        { name: 'kind', type: 'category', nullable: false },
      ],
      replicas: 1,
      rowsMax: 100,
      keyHeader: null,
      readySecondsMax: 90,
      cluster: KubernetesServers.parse({ kind: 'kubernetes', image: TRAINER_IMAGE, cpus: 0.1, ...podSettings }),
    };
    const { kubeConfig, namespace } = opened;
    await opened.run('apply', '-f', fileURLToPath(new URL('../../deploy/kubernetes/serving-rbac.yaml', import.meta.url)));
    vi.stubGlobal('fetch', node.fetchPods); // a worker runs where pods can be reached
    onTestFinished(() => void vi.unstubAllGlobals());
    const serving = createKubernetesServing({ kubeConfig, namespaces: [namespace], store: store(), environment: {} });

    const instance = await serving.prepare(spec, signal);
    expect(instance).toMatchObject({ version: version.version, replicas: [{ ready: true, restarts: 0 }] });
    expect(await serving.describe(spec.name)).toEqual(instance);
    expect(await serving.prepare(spec, signal)).toEqual(instance);
    const answers = await serving.ask(spec.name, [{ x: -2, kind: 'a' }, { x: 2, kind: 'a' }], signal); // prettier-ignore
    expect(answers).toEqual([[expect.any(Number), expect.any(Number)]]);
    const [low, high] = answers[0] as [number, number];
    expect(low).toBeLessThan(0.3);
    expect(high).toBeGreaterThan(0.7);

    await serving.retire(spec.name, 10);
    expect(await serving.list(MODEL)).toEqual([]);
    expect(await opened.run('get', 'deployment,pod,service,pdb', '-o', 'name', '-l', `ratchet.dev/instance=${spec.name}`)).toBe('');
    await expect.poll(() => store().list(`predictions/${MODEL}/`, { limit: 1 }), { timeout: 60_000 }).toHaveLength(1);
  });
});
