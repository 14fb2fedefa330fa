import { describe, expect, test } from 'vitest';
import { abortUpdate } from '../../src/workflows/messages.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest, type CycleEndedBody, type ModelInTest } from './model-in-test.js';

const loop = useLoop('timeSkipping');
const unattended = { gates: { whenNoChampion: 'pass' } };

describe('what a job ended for and is not its own doing is waited for', () => {
  test.for([
    ['ClusterFull', 'room on the cluster'],
    ['StoreFull', 'room in the store'],
    ['StoreUnavailable', 'the store'],
  ] as const)('%s: with growing pauses, and no attempt is counted', async ([type, what]) => {
    const model = modelInTest(loop());
    const away = { kind: 'fail', type, message: 'away' } as const;
    const lost = { kind: 'fail', type: 'JobLost' } as const;
    loop().jobCluster.script(model.name, 'train', away, away, lost, away, away, lost);
    const cycle = await model.open(unattended);
    const handle = await model.startCycle(cycle);
    const note = async () => (await model.cycleState(cycle)).stages.find(({ stage }) => stage === 'train')!.note;
    expect(await eventually(note, (words) => words.startsWith('waits'))).toMatch(
      new RegExp(`^waits for ${what} until \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC, then tries again: job \\S+: away`),
    );
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
    expect(loop().jobCluster.started(model.name)).toContain('train#7');
    expect(await pausesOf(handle)).toEqual([60, 180, 600, 1800]);
  });

  test('unless a person aborts the cycle: that ends at once', async () => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'train', { kind: 'fail', type: 'ClusterFull', message: 'no p4d' });
    const cycle = await model.open(unattended);
    const handle = await model.startCycle(cycle);
    await eventually(
      () => model.cycleState(cycle),
      ({ stages }) => stages.some(({ note }) => note.startsWith('waits for room')),
    );
    await handle.executeUpdate(abortUpdate, { args: [{ requestedBy: 'ana', reason: 'too dear' }] });
    expect(await handle.result()).toMatchObject({ outcome: 'aborted', reason: 'aborted by ana: too dear' });
    expect(loop().jobCluster.started(model.name)).toEqual(['snapshot#1', 'validate#1', 'train#1']);
  });

  test('in all stages of a cycle together a day, and the failure says how long', async () => {
    const model = modelInTest(loop());
    const full = { kind: 'fail', type: 'ClusterFull', message: 'no p4d' } as const;
    loop().jobCluster.script(model.name, 'snapshot', full, full, full);
    loop().jobCluster.script(model.name, 'train', ...Array.from({ length: 20 }, () => full));
    const handle = await model.startCycle(await model.open(unattended));
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'ClusterFull' } });
    expect(await lastEnd(model)).toMatchObject({
      outcome: 'failed',
      stage: 'train',
      reason: expect.stringMatching(/^waited for room on the cluster 11 times, 24 hours in all: job \S+: no p4d$/),
      failure: { type: 'ClusterFull', class: 'transient' },
    });
    expect(loop().jobCluster.started(model.name).at(-1)).toBe('train#9');
    expect(await pausesOf(handle)).toHaveLength(11);
  });
});

/** Seconds of each pause. */
async function pausesOf(handle: Awaited<ReturnType<ModelInTest['startCycle']>>): Promise<number[]> {
  const { events } = await handle.fetchHistory();
  return events!.flatMap(({ timerStartedEventAttributes: timer }) => (timer == null ? [] : [Number(timer.startToFireTimeout?.seconds)]));
}

async function lastEnd(model: ModelInTest): Promise<CycleEndedBody> {
  return (await model.records()).findLast(({ body }) => body.kind === 'cycle-ended')!.body as CycleEndedBody;
}
