import { expect, test } from 'vitest';
import { lifecycleWorkflowId, pauseUpdate, resumeUpdate, TASK_QUEUE, triggerUpdate } from '../../src/workflows/messages.js';
import type { modelLifecycle } from '../../src/workflows/model-lifecycle.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';

const loop = useLoop('timeSkipping');

test('a pause whose ledger cannot be read back starts no cycle by what was known before', async () => {
  const model = modelInTest(loop());
  const spec = await model.putSpec({ gates: { whenNoChampion: 'pass' } });
  await model.append('by-hand/spec-applied', { kind: 'spec-applied', ...spec, requestedBy: 'ana' });
  const handle = await loop().client.workflow.start<typeof modelLifecycle>('modelLifecycle', {
    workflowId: lifecycleWorkflowId(model.name),
    taskQueue: TASK_QUEUE,
    args: [{ model: model.name }],
  });
  await eventually(model.state, ({ specDigest }) => specDigest !== null);

  loop().holds.loseReply(model.name, 'readModelState', 1000);
  const pausing = handle.executeUpdate(pauseUpdate, { args: [{ requestedBy: 'ana', reason: 'stop' }] });
  await loop().environment.sleep('2 minutes');
  await pausing;
  await handle.executeUpdate(triggerUpdate, { args: [{ key: 'after', kind: 'person', requestedBy: 'ana', reason: '' }] });
  await loop().environment.sleep('1 minute');
  expect(await model.state()).toMatchObject({ trouble: expect.stringContaining('lost'), queue: [{ trigger: { key: 'after' } }] });

  loop().holds.loseReply(model.name, 'readModelState', 0);
  await loop().environment.sleep('2 hours');
  expect(await model.state()).toMatchObject({ paused: true, trouble: null, openCycle: null, queue: [{ trigger: { key: 'after' } }] });
  expect((await model.kinds()).slice(-2)).toEqual(['spec-applied', 'paused']);
});

test('a pause after a resume that could not be read back is recorded, not refused by what was known before', async () => {
  const model = modelInTest(loop());
  const spec = await model.putSpec({ gates: { whenNoChampion: 'pass' } });
  await model.append('by-hand/spec-applied', { kind: 'spec-applied', ...spec, requestedBy: 'ana' });
  await model.append('by-hand/paused', { kind: 'paused', requestedBy: 'ana', reason: '' });
  const handle = await loop().client.workflow.start<typeof modelLifecycle>('modelLifecycle', {
    workflowId: lifecycleWorkflowId(model.name),
    taskQueue: TASK_QUEUE,
    args: [{ model: model.name }],
  });
  await eventually(model.state, ({ paused }) => paused);

  loop().holds.loseReply(model.name, 'readModelState', 1000);
  const resuming = handle.executeUpdate(resumeUpdate, { args: [{ requestedBy: 'ana', reason: '' }] });
  await loop().environment.sleep('2 minutes');
  await resuming;
  expect(await model.state()).toMatchObject({ paused: true, trouble: expect.stringContaining('lost') }); // as it was known last
  const pausing = handle.executeUpdate(pauseUpdate, { args: [{ requestedBy: 'ana', reason: 'stop' }] });
  await loop().environment.sleep('2 minutes');
  await pausing;
  expect((await model.kinds()).slice(-3)).toEqual(['paused', 'resumed', 'paused']);
  loop().holds.loseReply(model.name, 'readModelState', 0);
  await handle.terminate();
});
