import { afterAll, beforeAll, describe, inject } from 'vitest';
import { describeServing } from '../../contracts/serving.js';
import { startLoopbackNode, type LoopbackNode } from './loopback-node.js';
import { openServing, serversOf } from './open-serving.js';

const shared = inject('kubernetes');

describe.skipIf(shared === null)('model servers on a Kubernetes control plane (skipped where none was built)', () => {
  let node: LoopbackNode;
  let opened: Awaited<ReturnType<typeof openServing>>;
  const nodeName = `loopback-${process.pid}`;

  beforeAll(async () => {
    node = await startLoopbackNode(shared!.kubeconfig, nodeName);
    opened = await openServing();
  });
  afterAll(() => node?.stop());

  describeServing('a Kubernetes cluster', async () => ({
    serving: opened.serving,
    store: opened.store,
    place: { cluster: serversOf({ nodeSelector: { node: nodeName } }) },
    async crash(instance) {
      const { items } = (await opened.read('pods', '-l', `ratchet.dev/instance=${instance}`)) as {
        items: { metadata: { name: string } }[];
      };
      node.crash(items[0]!.metadata.name);
    },
  }));
});
