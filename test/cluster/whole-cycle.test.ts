import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { stringify } from 'yaml';
import { createS3ObjectStore } from '../../src/adapters/s3/object-store.js';
import { readRecords } from '../../src/client/ledger-view.js';
import { startQuickStack, type QuickStack } from '../chaos/quick-stack.js';
import { startTestKubernetesNode, TRAINER_IMAGE, type TestKubernetesNode } from '../servers/kubernetes-node.js';
import { machineFolders, machineVolumes } from '../servers/node/machine-volumes.js';
import { startTestS3, type TestS3 } from '../servers/versitygw.js';
import { openJobCluster } from './open-job-cluster.js';
import { STEPS_FOLDER } from './real-training.js';

const kubernetes = inject('kubernetes');
const versitygw = inject('versitygw');
const python = inject('python');
const modelFolder = fileURLToPath(new URL('../wiring/model', import.meta.url));
const MODEL = 'wiring';
const STORE = 's3://cycles/ratchet';

describe.skipIf(!kubernetes?.hasNode || !versitygw)(
  'a whole cycle whose training is a pod (skipped without a node or an S3 server)',
  () => {
    let home: string;
    let s3: TestS3;
    let node: TestKubernetesNode;
    let opened: Awaited<ReturnType<typeof openJobCluster>>;
    let stack: QuickStack;
    let block: string;

    beforeAll(async () => {
      home = mkdtempSync(join(tmpdir(), 'ratchet-cycle-'));
      chmodSync(home, 0o755); // pods are not root
      s3 = await startTestS3(versitygw!, join(home, 's3'));
      mkdirSync(join(s3.folder, 'cycles'));
      node = await startTestKubernetesNode(kubernetes!.binary, home, { ports: [s3.port] });
      opened = await openJobCluster({ binary: kubernetes!.binary, kubeconfig: node.cluster.kubeconfig });
      const machine = machineVolumes(opened.namespace, [...machineFolders({ dir: dirname(dirname(python)), python }), STEPS_FOLDER]);
      const secret = { metadata: { name: 'pods', namespace: opened.namespace }, stringData: variablesOfPods() };
      const items = [...machine.manifests, { apiVersion: 'v1', kind: 'Secret', ...secret }];
      await node.cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
      const secrets = Object.keys(variablesOfPods()).map((variable) => ({ variable, secret: 'pods', key: variable }));
      block = `  cluster: ${JSON.stringify({ kind: 'kubernetes', image: TRAINER_IMAGE, volumes: machine.volumes, secrets })}\n`;
      stack = await startQuickStack({
        modelFolder,
        steps: [STEPS_FOLDER],
        extra: {
          ...s3.environment,
          RATCHET_STORE_URI: STORE,
          RATCHET_KUBERNETES_NAMESPACES: opened.namespace,
          RATCHET_KUBECONFIG: await kubeconfigOfWorker(),
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

    /** The rights of deploy/kubernetes, and no others. */
    async function kubeconfigOfWorker(): Promise<string> {
      const token = (await opened.run('create', 'token', 'ratchet-worker')).trim();
      const config = JSON.parse(readFileSync(node.cluster.kubeconfig, 'utf8')) as { users: { name: string; user: object }[] };
      const users = config.users.map(({ name }) => ({ name, user: { token } }));
      const file = join(home, 'worker.kubeconfig');
      writeFileSync(file, stringify({ ...config, users }), { mode: 0o600 });
      return file;
    }

    /** A cycle over the same rows as any other. @returns its number, its outcome, and what was trained */
    async function cycleOver(asOf: string) {
      const ran = await stack.cli(['trigger', MODEL, '--as-of', asOf, '--wait', '--timeout', '3m', '-o', 'json']);
      expect(ran.code, ran.output).toBe(0);
      const { cycle, outcome } = JSON.parse(ran.output.slice(ran.output.indexOf('{'))) as { cycle: number; outcome: string };
      const records = await readRecords(createS3ObjectStore({ uri: STORE, environment: s3.environment }), MODEL);
      const promoted = records.map(({ body }) => body).find((body) => body.kind === 'promoted' && body.cycle === cycle);
      return { cycle, outcome, version: promoted?.kind === 'promoted' ? promoted.version : null };
    }

    test('the model file that trains here trains on the cluster by one block more, and gives the same model', async () => {
      const here = await cycleOver('2024-04-01');
      expect(here).toMatchObject({ outcome: 'promoted' });
      const file = readFileSync(stack.modelFile, 'utf8');
      writeFileSync(
        stack.modelFile,
        file.replace('  timeLimitSeconds: 120\n', (line) => `${line}  ${block}`),
      );
      const applied = await stack.cli(['apply', '-f', stack.modelFile]);
      expect(applied.code, applied.output).toBe(0);

      const there = await cycleOver('2024-04-01');
      expect(there).toMatchObject({ outcome: 'promoted' });
      expect(there.version!.model).toEqual(here.version!.model);
      const jobs = (await opened.read('jobs')) as { items: { metadata: { name: string }; status: { succeeded?: number } }[] };
      expect(jobs.items.map(({ metadata, status }) => [metadata.name, status.succeeded])).toEqual([
        [expect.stringContaining(`${MODEL}-c${there.cycle}-train-a1`), 1],
      ]);
      const audit = await stack.cli(['audit', 'verify', MODEL]);
      expect(audit.output).toContain(`${MODEL}: holds`);
    });
  },
);
