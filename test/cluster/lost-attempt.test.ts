import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { JobSpec } from '../../src/domain/job.js';
import type { JobCluster } from '../../src/ports/job-cluster.js';
import type { ObjectStore } from '../../src/ports/object-store.js';
import type { MemoryJobCluster } from '../fakes/memory-job-cluster.js';
import { stageOutput } from '../fakes/stage-outputs.js';
import { addSilentNode, type SilentNode } from '../servers/silent-node.js';
import { useLoop } from '../workflows/loop.js';
import { eventually, modelInTest } from '../workflows/model-in-test.js';
import { done, fatedJob, openJobCluster } from './open-job-cluster.js';

describe.skipIf(inject('kubernetes') === null)('a cycle whose node is lost (skipped where no control plane was built)', () => {
  let opened: Awaited<ReturnType<typeof openJobCluster>>;
  let node: SilentNode;
  let cluster: ReturnType<typeof opened.open> | undefined;

  beforeAll(async () => {
    opened = await openJobCluster();
    node = await addSilentNode(opened.kubectl);
  });
  afterAll(async () => {
    await node?.remove();
    cluster?.close();
    opened?.cluster.close();
  });
  const loop = useLoop('dev', { clusterOver: trainingsOnKubernetes });

  /** The first attempt goes to the node that is not heard of, the next to one that works. */
  function trainingsOnKubernetes(memory: MemoryJobCluster, objectStore: ObjectStore): JobCluster {
    const trainings = (cluster = opened.open({ objectStore, patience: { lostMsMax: 3000 } }));
    const of = (name: string): JobCluster => (/-train-a\d+$/.test(name) ? trainings : memory);
    return {
      ...memory,
      async submit(spec, signal) {
        if (of(spec.name) === memory) return memory.submit(spec, signal);
        const isFirst = spec.attempt === 1;
        const fate = isFirst ? {} : done(await stageOutput(objectStore, spec));
        const placed = fatedJob(fate, { graceSeconds: 1 }, isFirst ? { nodeSelector: node.nodeSelector } : {});
        await trainings.submit({ ...placed, name: spec.name, model: spec.model, cycle: spec.cycle } satisfies JobSpec, signal);
      },
      describe: (name) => of(name).describe(name),
      watch: (name, options) => of(name).watch(name, options),
      stop: (name) => of(name).stop(name),
    };
  }

  test('its job is given up, and the next attempt is made and ends well', async () => {
    const model = modelInTest(loop());
    const cycle = await model.open({ gates: { whenNoChampion: 'pass' } });
    const handle = await model.startCycle(cycle);
    const pods = ['pods', '-l', `batch.kubernetes.io/job-name=${model.name}-c${cycle}-train-a1`];
    const isPlaced = async () => ((await opened.read(...pods)) as { items: { spec: { nodeName?: string } }[] }).items[0]?.spec.nodeName;
    await eventually(isPlaced, (name) => name !== undefined);
    await node.sayRunning(opened.namespace, `${model.name}-c${cycle}-train-a1`);
    await opened.run('delete', ...pods, '--wait=false'); // as where its node is unreachable for long
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
    expect(await opened.read(...pods)).toMatchObject({ items: [{ metadata: { deletionTimestamp: expect.any(String) } }] });
    expect(await opened.cluster.listRunning()).toEqual([]);
  });
});
