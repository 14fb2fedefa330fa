import { expect, test } from 'vitest';
import { RatchetError } from '../../src/domain/failure.js';
import {
  abortUpdate,
  lifecycleWorkflowId,
  pauseServingUpdate,
  pauseUpdate,
  resumeServingUpdate,
  resumeUpdate,
  voteSignal,
  type AbortRequest,
} from '../../src/workflows/messages.js';
import { useLoop } from '../workflows/loop.js';
import { eventually, modelInTest } from '../workflows/model-in-test.js';
import { resetBefore } from '../workflows/reset-before.js';
import { SERVED } from '../fakes/model-file.js';
import { cohort } from '../fakes/monitor-output.js';
import { challengerOf } from '../workflows/traffic-in-test.js';
import { record } from './record-history.js';

const loop = useLoop('dev', { extraArgs: ['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=120'] });
const unattended = { gates: { whenNoChampion: 'pass' } };
const by = { requestedBy: 'ana', reason: '' };
const isRunning =
  (stage: string) =>
  ({ stages }: { stages: readonly { stage: string; note: string }[] }): boolean =>
    stages.some((line) => line.stage === stage && line.note.startsWith('running as'));

/** A run of monitoring, at its end. */
async function monitored(model: string) {
  const options = { workflowId: `${lifecycleWorkflowId(model)}/monitor`, taskQueue: 'ratchet', args: [{ model }] };
  const handle = await loop().client.workflow.start('monitorModel', options);
  await handle.result();
  return handle;
}

test('what is done for all models: compared, one of them repaired; logs tended, of one of them in vain', async () => {
  const [broken, sound] = [modelInTest(loop(), 'untended'), modelInTest(loop(), 'tended')];
  for (const model of [broken, sound]) await model.apply({ ...unattended, retention: { tendLogs: 'daily' }, serving: {} });
  await sound.trigger({ key: 'first' });
  await sound.cycle(await sound.cycleOf('first')).result();
  loop().registry.aliases.set(`${sound.name}@champion`, '99');
  loop().logs.failures.set(broken.name, new RatchetError('AccessDenied', 'refused'));
  for (const [type, name] of [
    ['reconcileModels', 'reconcile-models'],
    ['tendModels', 'tend-models'],
  ] as const) {
    const handle = await loop().client.workflow.start(type, { workflowId: `ratchet:${name}`, taskQueue: 'ratchet', args: [] });
    await handle.result();
    await record(name, handle);
  }
  loop().logs.failures.clear();
});

test('promoted, after a lost and a starved job, with a refit', async () => {
  const model = modelInTest(loop(), 'promoted');
  loop().jobCluster.script(model.name, 'validate', { kind: 'fail', type: 'JobTemporary' });
  loop().jobCluster.script(model.name, 'train', { kind: 'fail', type: 'JobLost' }, { kind: 'fail', type: 'JobOutOfMemory' });
  const cycle = await model.open({ ...unattended, refit: 'afterPass', trainer: { resources: { memoryMiB: 1000, memoryMiBMax: 4000 } } });
  const handle = await model.startCycle(cycle);
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  await record('promoted', handle);
});

test('promoted, after a minute of waiting for a full store and a loss that got on', async () => {
  const model = modelInTest(loop(), 'waited');
  loop().jobCluster.script(model.name, 'train', { kind: 'fail', type: 'StoreFull' }, { kind: 'fail', type: 'JobLost', step: 10 });
  const handle = await model.startCycle(await model.open({ ...unattended, trainer: { attemptsMax: 1, checkpoints: {} } }));
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  await record('waited', handle);
});

test('approved, after refused votes by update and by signal', async () => {
  const model = modelInTest(loop(), 'approved');
  const { number, handle, candidateDigest } = await model.openApproval({
    approval: { signers: [{ name: 'ana' }, { name: 'ben' }], quorum: 2, escalateAfterHours: 1 / 3600, escalateTo: ['boss'] },
  });
  await eventually(
    async () => loop().notifier.notices.filter((notice) => notice.model === model.name),
    (notices) => notices.length === 2,
  );
  await model.vote(number, { signer: 'mallory' }).catch(() => undefined);
  await handle.signal(voteSignal, { candidateDigest, signer: 'mallory', decision: 'approve', comment: '' });
  await model.vote(number);
  await handle.signal(voteSignal, { candidateDigest, signer: 'ben', decision: 'approve', comment: 'fine' });
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  await record('approved', handle);
});

test('waiting in approve, and later refused', async () => {
  const model = modelInTest(loop(), 'waiting');
  const { number, handle } = await model.openApproval({
    approval: { signers: [{ name: 'ana' }], escalateAfterHours: 24, escalateTo: ['boss'] },
  });
  await record('waiting-in-approve', handle);
  await model.vote(number, { decision: 'reject', comment: 'not now' });
  expect(await handle.result()).toMatchObject({ outcome: 'rejected' });
  await record('rejected-by-a-person', handle);
});

test('timed out', async () => {
  const { handle } = await modelInTest(loop(), 'timed-out').openApproval({
    approval: { signers: [{ name: 'ana' }], timeoutHours: 1 / 3600 },
  });
  expect(await handle.result()).toMatchObject({ outcome: 'rejected', approval: { outcome: 'timedOut' } });
  await record('timed-out', handle);
});

test('aborted while it trains, and cancelled from outside', async () => {
  const model = modelInTest(loop(), 'aborted');
  loop().jobCluster.script(model.name, 'train', { kind: 'hang' });
  for (const name of ['aborted', 'cancelled']) {
    const cycle = await model.open(unattended);
    const handle = await model.startCycle(cycle);
    await eventually(() => model.cycleState(cycle), isRunning('train'));
    if (name === 'aborted')
      await handle.executeUpdate(abortUpdate, { args: [{ requestedBy: 'ana', reason: 'wrong source' } satisfies AbortRequest] });
    else await handle.cancel();
    expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
    await record(name, handle);
  }
});

test('failed, and retried by the lifecycle', async () => {
  const model = modelInTest(loop(), 'retried');
  loop().jobCluster.script(model.name, 'evaluate', { kind: 'fail', type: 'JobFailed' });
  await model.apply(unattended);
  await model.trigger({ key: 'fails' });
  const failed = await model.cycleOf('fails');
  await model
    .cycle(failed)
    .result()
    .catch(() => undefined);
  await record('failed', model.cycle(failed));
  loop().jobCluster.script(model.name, 'evaluate');
  await model.trigger({ key: 'again', retryOf: failed });
  const again = await model.cycleOf('again');
  expect(await model.cycle(again).result()).toMatchObject({ outcome: 'promoted' });
  await record('retried', model.cycle(again));
});

test('a lifecycle with a queue, a pause and a cycle that was terminated, over continue-as-new', async () => {
  const model = modelInTest(loop(), 'busy');
  loop().jobCluster.script(model.name, 'snapshot', { kind: 'hang' });
  await model.apply(unattended);
  const first = await model.lifecycle().describe();
  for (const key of ['a', 'b', 'c']) await model.trigger({ key });
  await model.trigger({ key: 'm', kind: 'drift' });
  await model.lifecycle().executeUpdate(pauseUpdate, { args: [by] });
  await model.cycle(await model.cycleOf('a')).terminate();
  await model.lifecycle().executeUpdate(resumeUpdate, { args: [by] });
  await eventually(
    async () => model.trigger({ key: 'a' }).then(() => model.lifecycle().describe()),
    ({ runId }) => runId !== first.runId,
  );
  const second = await model.cycleOf('b');
  await eventually(() => model.cycleState(second), isRunning('snapshot'));
  await loop().jobCluster.finish(`${model.name}-c${second}-snapshot-a1`);
  await eventually(model.state, ({ champion }) => champion?.cycle === second);
  await record('lifecycle-continued', loop().client.workflow.getHandle(model.lifecycleId, first.runId));
  await record('lifecycle-rebuilt', model.lifecycle());
});

test('a lifecycle that was reset, and adopts a cycle that is over before the next one in its queue', async () => {
  const model = modelInTest(loop(), 'reset');
  loop().jobCluster.script(model.name, 'snapshot', { kind: 'hang' });
  await model.apply(unattended);
  await model.trigger({ key: 'first' });
  const cycle = await model.cycleOf('first');
  await eventually(() => model.cycleState(cycle), isRunning('snapshot'));
  await resetBefore(loop().client, loop().client.workflow.getHandle(model.lifecycleId), 'readModelState');
  await model.trigger({ key: 'second' });
  await eventually(model.state, ({ openCycle, queue }) => openCycle === cycle && queue.length === 2);
  await loop().jobCluster.finish(`${model.name}-c${cycle}-snapshot-a1`);
  loop().jobCluster.script(model.name, 'snapshot');
  await model.cycle(await model.cycleOf('second')).result();
  await record('lifecycle-reset', loop().client.workflow.getHandle(model.lifecycleId));
});

test('rolled out and baked; turned back; paused, skipped and aborted', async () => {
  const [{ cycle, rollout, bake }, harmful, commanded] = await Promise.all([
    challengerOf(loop(), { rollout: { ...SERVED.rollout, bake: { ...SERVED.rollout.bake, seconds: 1 } } }, 'rolled-out'),
    challengerOf(loop(), {}, 'harmful'),
    challengerOf(loop(), { rollout: { ...SERVED.rollout, metrics: [{ kind: 'quality', margin: 0.1 }] } }, 'commanded'),
  ]);
  loop().traffic.behave(harmful.challenger, { errorShare: 0.9 });
  await commanded.untilStep(0);
  for (const name of ['pause', 'resume', 'skip'] as const) await commanded.command(name);
  await commanded.untilStep(1);
  await record('rollout-in-canary', commanded.rollout);
  await commanded.command('abort');
  for (const done of [cycle, harmful.cycle, commanded.cycle]) await done.result();
  await record('cycle-with-rollout', cycle);
  await record('rollout-promoted', rollout);
  await record('rollout-turned-back', harmful.rollout);
  await record('rollout-commanded', commanded.rollout);
  await bake.result();
  await record('bake', bake);
  const input = { model: 'rolled-out', to: null, requestedBy: 'ana', reason: '' };
  const rollback = await loop().client.workflow.start('rollbackModel', {
    workflowId: 'ratchet/rolled-out/rollback',
    taskQueue: 'ratchet',
    args: [input],
  });
  await rollback.result();
  await record('rollback', rollback);
});

test('a request of a schedule', async () => {
  const model = modelInTest(loop(), 'requested');
  await model.apply(unattended);
  const handle = await loop().client.workflow.start('requestCycle', {
    workflowId: `${model.lifecycleId}/request`,
    taskQueue: 'ratchet',
    args: [{ model: model.name }],
  });
  await handle.result();
  await record('request-cycle', handle);
});

test('a window of monitoring that asks for a cycle, after a lost job', async () => {
  const model = modelInTest(loop(), 'monitored');
  await model.apply({ ...unattended, monitoring: { answers: { decay: { foundMin: 1, ofWindows: 1 } } } });
  await model.trigger({ key: 'first' });
  await model.cycle(await model.cycleOf('first')).result();
  const decayed = { kind: 'succeed', output: { cohort: cohort({ worse: 0.05 }) } } as const;
  loop().jobCluster.script(model.name, 'monitor', { kind: 'fail', type: 'JobLost' }, decayed);
  const handle = await monitored(model.name);
  await record('monitor-model', handle);
});

test('a window of monitoring that people are told of', async () => {
  const model = modelInTest(loop(), 'told');
  const answers = { decay: { action: 'alert', foundMin: 1, ofWindows: 1 } } as const;
  await model.apply({ ...unattended, monitoring: { answers } });
  await model.trigger({ key: 'first' });
  await model.cycle(await model.cycleOf('first')).result();
  loop().jobCluster.script(model.name, 'monitor', { kind: 'succeed', output: { cohort: cohort({ worse: 0.05 }) } });
  await record('monitor-model-alert', await monitored(model.name));
});

test('serving that monitoring pauses, a person resumes and pauses again', async () => {
  const model = modelInTest(loop(), 'paused-serving');
  await model.apply({
    ...unattended,
    serving: {},
    monitoring: { answers: { decay: { action: 'pauseServing', foundMin: 1, ofWindows: 1 } } },
  });
  await model.trigger({ key: 'first' });
  await model.cycle(await model.cycleOf('first')).result();
  loop().jobCluster.script(model.name, 'monitor', { kind: 'succeed', output: { cohort: cohort({ worse: 0.05 }) } });
  const handle = await monitored(model.name);
  await record('monitor-model-paused-serving', handle);
  await model.lifecycle().executeUpdate(resumeServingUpdate, { args: [by] });
  await model.lifecycle().executeUpdate(pauseServingUpdate, { args: [{ ...by, documentDigest: null, wish: null }] });
  await record('lifecycle-paused-serving', model.lifecycle());
});

test('a notice that was told through two routes, one of them down at first, with a reminder', async () => {
  const { noticeRoutes } = loop();
  noticeRoutes.answers.set('chat', 'told').set('mail', 'dies');
  noticeRoutes.fallback = ['chat', 'mail'];
  noticeRoutes.remindAfterHours = 1 / 3600;
  const model = modelInTest(loop(), 'noticed');
  const { number } = await model.openApproval();
  const handle = loop().client.workflow.getHandle(`ratchet/noticed/notice/${number}/approval`);
  await eventually(
    async () => noticeRoutes.told.filter(({ notice }) => notice.id.endsWith('reminder-1')),
    (told) => told.length >= 2,
  );
  await model.vote(number);
  await handle.result();
  await record('notice', handle);
});
