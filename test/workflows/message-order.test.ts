import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { openModel } from '../../src/client/model-handle.js';
import {
  abortUpdate,
  applyUpdate,
  pauseUpdate,
  resumeUpdate,
  TASK_QUEUE,
  TRAFFIC_TASK_QUEUE,
  voteSignal,
  WATCH_TASK_QUEUE,
} from '../../src/workflows/messages.js';
import { countTriggers } from '../../src/workers/metrics/count-triggers.js';
import { useLoop, workflowBundle } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';
import { resetBefore } from './reset-before.js';

const loop = useLoop('dev');
/** The server has it, and no worker has answered yet. */
const ADMITTED = proto.temporal.api.enums.v1.UpdateWorkflowExecutionLifecycleStage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED;
const unattended = { gates: { whenNoChampion: 'pass' } };

test('of two specs the one that was applied last is in force, also where the first is still being written', async () => {
  const model = modelInTest(loop());
  await model.apply({}, 'good');
  const good = await model.putSpec({}, 'good');
  const bad = await model.putSpec({}, 'bad');
  const held = loop().holds.hold(model.name, 'appendRecord');
  const first = model.lifecycle().executeUpdate(applyUpdate, { args: [{ ...bad, requestedBy: 'ci' }] });
  await held.reached;
  const second = model.lifecycle().executeUpdate(applyUpdate, { args: [{ ...good, requestedBy: 'ana' }] });
  await heard(model.lifecycleId, 2);
  held.release();
  expect(await first).toMatchObject({ changed: true });
  expect(await second).toMatchObject({ changed: true });
  expect(await model.state()).toMatchObject({ codeDigest: good.codeDigest });
});

test('a resume that comes while the pause is being written takes it back', async () => {
  const model = modelInTest(loop());
  await model.apply();
  const held = loop().holds.hold(model.name, 'appendRecord');
  const paused = model.lifecycle().executeUpdate(pauseUpdate, { args: [{ requestedBy: 'ana', reason: 'x' }] });
  await held.reached;
  const resumed = model.lifecycle().executeUpdate(resumeUpdate, { args: [{ requestedBy: 'ana', reason: 'never mind' }] });
  await heard(model.lifecycleId, 2);
  held.release();
  await Promise.all([paused, resumed]);
  expect(await model.kinds()).toEqual(['ledger-opened', 'spec-applied', 'paused', 'resumed']);
  expect((await model.state()).paused).toBe(false);
});

test('a vote that is signalled before the question counts once it is asked', async () => {
  const model = modelInTest(loop());
  const held = loop().holds.hold(model.name, 'findApproval');
  const number = await model.open();
  const handle = await model.startCycle(number);
  await held.reached;
  const { candidateDigest } = await model.cycleState(number);
  const vote = { candidateDigest: candidateDigest!, signer: 'ana', decision: 'approve', comment: '' } as const;
  await handle.signal(voteSignal, { ...vote, signer: 'eve' });
  await handle.signal(voteSignal, vote);
  held.release();
  expect(await handle.result()).toMatchObject({
    outcome: 'promoted',
    approval: { votes: [{ signer: 'ana' }], refused: [{ signer: 'eve', reason: expect.stringContaining('may not sign') }] },
  });
});

test('a vote that was signalled counts again after a reset', async () => {
  const model = modelInTest(loop());
  const { number, handle, candidateDigest } = await model.openApproval({
    approval: { quorum: 2, signers: [{ name: 'ana' }, { name: 'ben' }] },
  });
  await handle.signal(voteSignal, { candidateDigest, signer: 'ana', decision: 'approve', comment: '' });
  await eventually(
    () => model.cycleState(number),
    ({ approval }) => approval?.votes.length === 1,
  );
  await resetBefore(loop().client, model.cycle(number), 'registerCandidate');
  await eventually(
    () => model.cycleState(number),
    ({ approval }) => approval?.votes.length === 1,
  );
  expect(await model.vote(number, { signer: 'ben' })).toMatchObject({ outcome: 'approved' });
  expect(await model.cycle(number).result()).toMatchObject({ outcome: 'promoted' });
});

test('what anybody signals as the progress of a job stops no cycle', async () => {
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval();
  for (const args of [[], [null], [{ stage: 'approve', attempt: 1, words: 7 }]]) await handle.signal('jobProgress', ...args);
  expect(await model.vote(number)).toMatchObject({ outcome: 'approved' });
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
});

test('a registry that is down keeps no pause from being answered in time', async () => {
  const model = modelInTest(loop());
  await model.apply(unattended);
  await model.trigger({ key: 'first' });
  await model.cycle(await model.cycleOf('first')).result();
  await eventually(model.state, ({ openCycle }) => openCycle === null);
  loop().registry.fail(model.name, Infinity);
  try {
    await resetBefore(loop().client, model.lifecycle(), 'readModelState'); // a new run compares the registry with the ledger
    const person = openModel(loop().client, model.name, { isKnown: () => Promise.resolve(true) });
    await eventually(
      () => model.lifecycle().describe(),
      ({ raw }) => raw.pendingActivities?.some(({ activityType }) => activityType?.name === 'projectChampion') === true,
    );
    await person.pause({ requestedBy: 'ana', reason: 'stop' });
    expect((await model.state()).paused).toBe(true);
  } finally {
    loop().registry.fail(model.name, 0);
  }
});

test('an abort that is accepted together with the end of the registration is not followed by a promotion', async () => {
  const { environment, activities, holds, client, meter } = loop();
  const common = { connection: environment.nativeConnection, shutdownGraceTime: 100, shutdownForceTime: '20 seconds' } as const;
  const model = modelInTest(loop());
  await loop().withoutWorkers(async () => {
    const queues = [TASK_QUEUE, WATCH_TASK_QUEUE, TRAFFIC_TASK_QUEUE];
    const workers = await Promise.all(queues.map((taskQueue) => Worker.create({ ...common, activities, taskQueue })));
    const activitiesEnded = Promise.all(workers.map((worker) => worker.run()));
    const startDeciding = async (): Promise<() => Promise<void>> => {
      const worker = await Worker.create({
        ...common,
        taskQueue: TASK_QUEUE,
        workflowBundle: workflowBundle(),
        sinks: countTriggers(meter),
      });
      const ended = worker.run();
      return async () => {
        worker.shutdown();
        await ended;
      };
    };
    const stopDeciding = await startDeciding();
    const held = holds.hold(model.name, 'registerCandidate');
    const handle = await model.startCycle(await model.open(unattended));
    await held.reached;
    await stopDeciding();
    held.release();
    await eventually(
      () => handle.describe(),
      ({ raw }) => (raw.pendingActivities ?? []).length === 0,
    );
    const updateId = 'abort';
    const aborted = handle.executeUpdate(abortUpdate, { updateId, args: [{ requestedBy: 'ana', reason: 'the source was wrong' }] });
    const updateRef = { workflowExecution: { workflowId: handle.workflowId }, updateId };
    const poll = { namespace: 'default', updateRef, waitPolicy: { lifecycleStage: ADMITTED } };
    await eventually(
      () => client.workflowService.pollWorkflowExecutionUpdate(poll),
      () => true,
    );
    const stopDecidingAgain = await startDeciding();
    await aborted;
    expect(await handle.result()).toMatchObject({ outcome: 'aborted', reason: 'aborted by ana: the source was wrong' });
    expect(await model.kinds()).toEqual(['ledger-opened', 'cycle-started', 'judged', 'cycle-ended']);
    await stopDecidingAgain();
    for (const worker of workers) worker.shutdown();
    await activitiesEnded;
  });
});

/** Until so many updates of that workflow have been accepted. */
async function heard(workflowId: string, count: number): Promise<void> {
  await eventually(
    () => loop().client.workflow.getHandle(workflowId).fetchHistory(),
    ({ events }) => (events ?? []).filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes != null).length > count,
  );
}
