import { describe, expect, test } from 'vitest';
import { openCycle } from '../../src/client/cycle-handle.js';
import type { CycleEndedBody } from './model-in-test.js';
import { bootstrap, evaluation } from '../domain/decide/evaluation.js';
import { failingEvaluation, rejectingValidation } from '../fakes/stage-outputs.js';

import { useLoop } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';

const loop = useLoop('timeSkipping');
/** No person is needed for a first model. */
const unattended = { gates: { whenNoChampion: 'pass' } };

describe('how a cycle ends', () => {
  test('without a champion and with a policy that allows it, a model promotes itself and the registry follows', async () => {
    const model = modelInTest(loop());
    const cycle = await model.open(unattended);
    expect(await (await model.startCycle(cycle)).result()).toMatchObject({ outcome: 'promoted', reason: 'every gate passed' });
    expect(loop().registry.aliases.get(`${model.name}@champion`)).toBe('1');
    expect(loop().registry.aliases.has(`${model.name}@challenger`)).toBe(false);
    expect(loop().registry.versions.get(model.name)).toHaveLength(1);
  });

  test('a refit is trained, agrees with its sibling and is what gets promoted', async () => {
    const model = modelInTest(loop());
    const cycle = await model.open({ ...unattended, refit: 'afterPass' });
    expect(await (await model.startCycle(cycle)).result()).toMatchObject({ outcome: 'promoted' });
    expect(loop().jobCluster.started(model.name)).toEqual(['snapshot#1', 'validate#1', 'train#1', 'evaluate#1', 'refit#1', 'agree#1']);
  });

  test('a refit that disagrees with its sibling stops', async () => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'agree', { kind: 'succeed', output: { rankCorrelation: 0.2 } });
    const cycle = await model.open({ ...unattended, refit: 'afterPass' });
    const state = await (await model.startCycle(cycle)).result();
    expect(state).toMatchObject({ outcome: 'rejected' });
    expect(await lastEnd(model)).toMatchObject({ stage: 'agree' });
  });

  test('a failed gate rejects, says why, and is never put to a person', async () => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'evaluate', { kind: 'succeed', output: failingEvaluation });
    const state = await (await model.startCycle(await model.open())).result();
    expect(state).toMatchObject({ outcome: 'rejected', verdict: { face: 'fail', next: 'stop' }, approval: null });
    expect(state.reason).toContain('0.5');
    expect(await model.kinds()).not.toContain('approved');
  });

  test('what cannot be told apart from the champion is inconclusive, not promoted', async () => {
    const model = modelInTest(loop());
    await (await model.startCycle(await model.open(unattended))).result();
    const unclear = { ...evaluation().differences.champion, auc: bootstrap(0.001, 0.05) };
    loop().jobCluster.script(model.name, 'evaluate', {
      kind: 'succeed',
      output: { differences: { ...evaluation().differences, champion: unclear } },
    });
    const state = await (await model.startCycle(await model.open(unattended))).result();
    expect(state).toMatchObject({ outcome: 'inconclusive', verdict: { face: 'inconclusive' } });
    expect(await lastEnd(model)).toMatchObject({ outcome: 'inconclusive', stage: 'judge' });
  });

  test('data that fails a check rejects before anything is trained', async () => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'validate', { kind: 'succeed', output: rejectingValidation });
    const state = await (await model.startCycle(await model.open())).result();
    expect(state).toMatchObject({ outcome: 'rejected', reason: 'rows: expected at least 1000, found 3' });
    expect(loop().jobCluster.started(model.name)).toEqual(['snapshot#1', 'validate#1']);
  });

  test('a job whose result breaks the contract fails with the field', async () => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'train', { kind: 'succeed', output: { rows: 'many' } });
    await expect((await model.startCycle(await model.open())).result()).rejects.toMatchObject({
      cause: { type: 'JobOutputInvalid', message: expect.stringContaining('rows') },
    });
    expect(await lastEnd(model)).toMatchObject({ outcome: 'failed', stage: 'train', failure: { class: 'invalid' } });
  });

  test('a champion that changed meanwhile supersedes the candidate', async () => {
    const model = modelInTest(loop());
    for (let n = 0; n < 2; n++) await (await model.startCycle(await model.open(unattended))).result();
    const held = loop().holds.hold(model.name, 'promoteCandidate');
    const third = await model.open(unattended);
    const handle = await model.startCycle(third);
    await held.reached;
    const to = (await loop().ledger.readState(model.name))!.state.previousChampion!;
    await model.append('by-hand/rolled-back', { kind: 'rolled-back', to, requestedBy: 'ana', reason: 'it looks wrong' });
    held.release();
    expect(await handle.result()).toMatchObject({ outcome: 'superseded' });
    expect((await loop().ledger.readState(model.name))!.state).toMatchObject({ openCycle: null, champion: { cycle: to.cycle } });
  });

  test('a cycle without a record in the ledger refuses, and opens no ledger', async () => {
    const model = modelInTest(loop());
    await expect((await model.startCycle(7)).result()).rejects.toMatchObject({ cause: { type: 'CycleUnknown' } });
    expect(await model.kinds()).toEqual([]);
  });

  test('a cycle that is started again after its end does nothing again', async () => {
    const model = modelInTest(loop());
    const cycle = await model.open(unattended);
    await (await model.startCycle(cycle)).result();
    const before = await model.kinds();
    expect(await (await model.startCycle(cycle)).result()).toMatchObject({
      outcome: 'promoted',
      reason: expect.stringContaining('ended before'),
    });
    expect(await model.kinds()).toEqual(before);
  });

  test('a cycle that is started by hand under another id refuses', async () => {
    const model = modelInTest(loop());
    const cycle = await model.open(unattended);
    const start = { workflowId: `${model.name}-by-hand`, taskQueue: 'ratchet' };
    for (const [args, words] of [
      [[{ model: model.name, cycle }], 'workflow id: expected'],
      [[], 'expected the input'],
    ] as const) {
      await expect(loop().client.workflow.execute('retrainCycle', { ...start, args: [...args] })).rejects.toMatchObject({
        cause: { type: 'InputInvalid', message: expect.stringContaining(words) },
      });
    }
    expect(loop().jobCluster.started(model.name)).toEqual([]);
  });
});

describe('attempts', () => {
  const lost = { kind: 'fail', type: 'JobLost' } as const;
  const starved = { kind: 'fail', type: 'JobOutOfMemory' } as const;
  const temporary = { kind: 'fail', type: 'JobTemporary' } as const;

  test('a lost job is run again under the next attempt', async () => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'train', lost);
    loop().jobCluster.script(model.name, 'snapshot', lost, lost);
    expect(await (await model.startCycle(await model.open(unattended))).result()).toMatchObject({ outcome: 'promoted' });
    expect(loop().jobCluster.started(model.name)).toEqual([
      'snapshot#1',
      'snapshot#2',
      'snapshot#3',
      'validate#1',
      'train#1',
      'train#2',
      'evaluate#1',
    ]);
  });

  test('a job that is lost too often fails the cycle', async () => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'train', lost, lost, lost, lost);
    await expect((await model.startCycle(await model.open(unattended))).result()).rejects.toMatchObject({ cause: { type: 'JobLost' } });
    expect(await lastEnd(model)).toMatchObject({
      outcome: 'failed',
      stage: 'train',
      evidence: { snapshot: expect.any(String), validate: expect.any(String) },
    });
  });

  test('a starved job gets twice the memory, up to the ceiling', async () => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'train', starved, starved);
    const cycle = await model.open({ ...unattended, trainer: { resources: { memoryMiB: 1000, memoryMiBMax: 3000 }, attemptsMax: 5 } });
    expect(await (await model.startCycle(cycle)).result()).toMatchObject({ outcome: 'promoted' });
    const memory = [1, 2, 3].map((attempt) => loop().jobCluster.spec(`${model.name}-c${cycle}-train-a${attempt}`).resources.memoryMiB);
    expect(memory).toEqual([1000, 2000, 3000]);
  });

  test('at the ceiling it fails, with the remedy', async () => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'train', starved, starved, starved, starved);
    const cycle = await model.open({ ...unattended, trainer: { resources: { memoryMiB: 1000, memoryMiBMax: 2000 }, attemptsMax: 5 } });
    await expect((await model.startCycle(cycle)).result()).rejects.toMatchObject({ cause: { type: 'JobOutOfMemory' } });
    expect(await lastEnd(model)).toMatchObject({ failure: { class: 'starved', remedy: expect.stringContaining('memoryMiB') } });
    expect(loop().jobCluster.started(model.name)).toContain('train#2');
    expect(loop().jobCluster.started(model.name)).not.toContain('train#3');
  });

  test('a job that says "temporary" is run again after a growing wait', async () => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'train', temporary, temporary);
    const handle = await model.startCycle(await model.open(unattended));
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
    const timers = (await handle.fetchHistory()).events!.flatMap((event) => event.timerStartedEventAttributes ?? []);
    expect(timers.map((timer) => Number(timer.startToFireTimeout?.seconds))).toEqual([5, 10]);
  });

  test.for(['submitJob', 'recordStage'])('%s that was asked again for too long costs no second job', async (activity) => {
    const model = modelInTest(loop());
    const held = loop().holds.hold(model.name, 'recordStage');
    const handle = await model.startCycle(await model.open(unattended));
    await held.reached;
    loop().holds.giveUp(model.name, activity);
    held.release();
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
    expect(loop().jobCluster.started(model.name)).toEqual(['snapshot#1', 'validate#1', 'train#1', 'evaluate#1']);
    const { events } = await handle.fetchHistory();
    const asked = events!.filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity);
    expect(asked).toHaveLength(5);
  });

  test('a job that is wrong is never run again', async () => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'train', { kind: 'fail', type: 'JobFailed', message: 'exit code 1' });
    await expect((await model.startCycle(await model.open(unattended))).result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('the last line') },
    });
    expect(loop().jobCluster.started(model.name)).toEqual(['snapshot#1', 'validate#1', 'train#1']);
  });
});

describe('when a reply is lost or a server is down', () => {
  test.for([
    'submitJob',
    'recordStage',
    'judgeCycle',
    'appendRecord',
    'registerCandidate',
    'promoteCandidate',
    'projectChampion',
    'openCycle',
  ])('the lost answer of %s changes nothing', async (activity) => {
    const model = modelInTest(loop());
    loop().holds.loseReply(model.name, activity, 2);
    expect(await (await model.startCycle(await model.open(unattended))).result()).toMatchObject({ outcome: 'promoted' });
    expect(await model.kinds()).toEqual(['ledger-opened', 'cycle-started', 'judged', 'promoted', 'cycle-ended']);
    expect(loop().jobCluster.started(model.name)).toHaveLength(4);
    expect(loop().registry.versions.get(model.name)).toHaveLength(1);
  });

  test('a training that is done while the credentials of the worker run out is recorded as soon as they are renewed', async () => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'train', { kind: 'hang' });
    const cycle = await model.open(unattended);
    const handle = await model.startCycle(cycle);
    await model.untilJobRuns(cycle, 'train');
    const held = loop().holds.hold(model.name, 'recordStage');
    await loop().jobCluster.finish(`${model.name}-c${cycle}-train-a1`);
    await held.reached;
    loop().store.outage = 'denies';
    held.release();
    try {
      const failures = async () => ((await handle.describe()).raw.pendingActivities ?? []).map(({ lastFailure }) => lastFailure);
      const [failure] = await eventually(failures, (seen) => seen[0]?.message != null);
      expect(failure!.applicationFailureInfo?.type).toBe('StoreUnavailable');
      expect(failure!.message).toMatch(/the train job of cycle \d+ is not recorded yet: the credentials have run out/);
      const words = async () => (await openCycle(loop().client, model.name, cycle, 10).look()).jobWords;
      expect(await eventually(words, (seen) => seen?.startsWith('tried again: ') === true)).toContain('is not recorded yet');
    } finally {
      loop().store.outage = null;
    }
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
    expect(loop().jobCluster.started(model.name)).toEqual(['snapshot#1', 'validate#1', 'train#1', 'evaluate#1']);
  });

  test('a right that is missing where a job is to start fails the cycle at once', async () => {
    const model = modelInTest(loop());
    const held = loop().holds.hold(model.name, 'submitJob');
    const handle = await model.startCycle(await model.open(unattended));
    await held.reached;
    loop().store.outage = 'denies';
    held.release();
    await held.finished;
    loop().store.outage = null;
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'AccessDenied' } });
  });

  test('a registry that is down for a while is waited for', async () => {
    const model = modelInTest(loop());
    loop().registry.fail(model.name, 8);
    expect(await (await model.startCycle(await model.open(unattended))).result()).toMatchObject({ outcome: 'promoted' });
    expect(loop().registry.aliases.get(`${model.name}@champion`)).toBe('1');
  });

  test('a registry that stays down after the promotion does not undo it', async () => {
    const model = modelInTest(loop());
    const held = loop().holds.hold(model.name, 'projectChampion');
    const handle = await model.startCycle(await model.open(unattended));
    await held.reached;
    loop().registry.fail(model.name, Infinity);
    held.release();
    const state = await handle.result();
    expect(state).toMatchObject({ outcome: 'promoted' });
    expect(state.stages.at(-1)!.note).toContain('the registry could not be told');
    expect(await lastEnd(model)).toMatchObject({ outcome: 'promoted' });
  });
});

async function lastEnd(model: ReturnType<typeof modelInTest>): Promise<CycleEndedBody> {
  const ended = (await model.records()).findLast(({ body }) => body.kind === 'cycle-ended');
  return ended!.body as CycleEndedBody;
}
