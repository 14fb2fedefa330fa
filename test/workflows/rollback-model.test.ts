import { expect, test } from 'vitest';
import { bakeWorkflowId, rollbackWorkflowId, TASK_QUEUE, type RollbackInput, type RollbackResult } from '../../src/workflows/messages.js';
import { SERVED } from '../fakes/model-file.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest, type ModelInTest } from './model-in-test.js';
import { challengerOf } from './traffic-in-test.js';

const loop = useLoop('dev');
const quickBake = { rollout: { ...SERVED.rollout, bake: { ...SERVED.rollout.bake, seconds: 1 } } };

async function rollBack(model: ModelInTest, to: string | null = null): Promise<RollbackResult> {
  const input: RollbackInput = { model: model.name, to, requestedBy: 'ana', reason: 'complaints' };
  return loop().client.workflow.execute('rollbackModel', {
    workflowId: rollbackWorkflowId(model.name),
    taskQueue: TASK_QUEUE,
    args: [input],
  });
}

test('long after, the version before is started again, proven, gets all requests, and is champion', async () => {
  const { model, cycle, bake, first, split } = await challengerOf(loop(), quickBake);
  await cycle.result();
  await bake.result();
  expect(split()).toBe('new 100');
  expect(await rollBack(model)).toMatchObject({ trafficBackAt: expect.any(String) });
  expect(split()).toBe('old 100');
  expect((await model.records()).at(-1)!.body).toMatchObject({ kind: 'rolled-back', to: { cycle: first }, requestedBy: 'ana' });
  expect(loop().registry.aliases.get(`${model.name}@champion`)).toBe('1');
  expect([...loop().traffic.instances.keys()].filter((name) => name.startsWith(model.name))).toEqual([`${model.name}-${first}`]);
});

test('traffic that the reconciliation took for a fault before the record stood goes to where the record says', async () => {
  const { model, cycle, bake, split } = await challengerOf(loop(), quickBake);
  await cycle.result();
  await bake.result();
  await model.apply({ serving: SERVED.serving });
  const held = loop().holds.hold(model.name, 'recordRollback');
  const rolledBack = rollBack(model);
  await held.reached;
  expect(split()).toBe('old 100');
  const options = { workflowId: `reconcile-${model.name}`, taskQueue: TASK_QUEUE, args: [] };
  await loop().client.workflow.execute('reconcileModels', options);
  expect(split()).toBe('new 100'); // the ledger said so
  held.release();
  await rolledBack;
  expect(split()).toBe('old 100');
});

test('a bake that was begun again before the rollback is recorded ends with it', async () => {
  const { model, cycle, split } = await challengerOf(loop());
  await cycle.result();
  const promoted = (await model.records()).at(-1)!.after.bake!.cycle;
  const bake = loop().client.workflow.getHandle(bakeWorkflowId(model.name, promoted));
  const { runId: first } = await bake.describe();
  await model.apply({ ...SERVED, gates: { whenNoChampion: 'pass' } });
  const held = loop().holds.hold(model.name, 'recordRollback');
  const rolledBack = rollBack(model);
  await held.reached;
  await eventually(
    () => bake.describe(),
    ({ runId, status }) => runId !== first && status.name === 'RUNNING',
  );
  await eventually(
    async () => split(),
    (words) => words.includes('new 90'),
  );
  held.release();
  await rolledBack;
  await eventually(
    () => bake.describe(),
    ({ status }) => status.name === 'COMPLETED',
  );
  await eventually(
    async () => split(),
    (words) => words === 'old 100',
  );
});

test('traffic goes back to servers that somebody has edited, too: those that are ready and answer as the evaluation did', async () => {
  const { model, cycle, champion, split } = await challengerOf(loop());
  await cycle.result();
  loop().traffic.behave(champion, { edits: ['kubectl: spec.replicas'], ready: [false] });
  await expect(rollBack(model)).rejects.toMatchObject({ cause: { message: expect.stringContaining('edited by hand') } });
  loop().traffic.behave(champion, { edits: ['kubectl: spec.replicas'], ready: [true, false] });
  expect(await rollBack(model)).toMatchObject({ trafficBackAt: expect.any(String) });
  expect(split()).toBe('old 100');
});

test('the alias that a rollback has yet to move is nobody’s edit, and pauses nothing', async () => {
  const { model, cycle, bake } = await challengerOf(loop(), quickBake);
  await cycle.result();
  await bake.result();
  await model.apply({ ...SERVED, serving: { onHandEdit: 'pause' } });
  const held = loop().holds.hold(model.name, 'projectChampion');
  const rolledBack = rollBack(model);
  await eventually(model.kinds, (kinds) => kinds.at(-1) === 'rolled-back');
  expect(loop().registry.aliases.get(`${model.name}@champion`)).toBe('2');
  const options = { workflowId: `reconcile-alias-${model.name}`, taskQueue: TASK_QUEUE, args: [] };
  await loop().client.workflow.execute('reconcileModels', options);
  expect((await model.state()).paused).toBe(false);
  expect(loop().registry.aliases.get(`${model.name}@champion`)).toBe('1');
  held.release();
  await rolledBack;
});

test('while the second version is rolled out, nothing was champion before the first', async () => {
  const { model, untilStep, cycle, split } = await challengerOf(loop(), {
    rollout: { ...SERVED.rollout, metrics: [{ kind: 'quality', margin: 0.1 }] },
  });
  await untilStep(0);
  await expect(rollBack(model)).rejects.toMatchObject({ cause: { message: expect.stringContaining('nothing was champion before') } });
  expect(split()).toBe('old 100, copies to new');
  const handle = loop().client.workflow.getHandle(`ratchet/${model.name}/cycle/${(await model.records()).at(-1)!.after.openCycle}/rollout`);
  await handle.cancel();
  expect((await cycle.result()).outcome).not.toBe('promoted');
});

test.for<[name: string, to: string | null, words: string]>([
  ['nothing was champion before', null, 'nothing was champion before'],
  ['a version of that name never was champion', 'm-77+x', 'm-77+x never was champion'],
])('it is refused where %s', async ([, to, words]) => {
  const model = modelInTest(loop());
  await (await model.startCycle(await model.open({ gates: { whenNoChampion: 'pass' }, serving: {} }))).result();
  await expect(rollBack(model, to)).rejects.toMatchObject({ cause: { message: expect.stringContaining(words) } });
});

test('an artifact that is no longer what it was is refused', async () => {
  const { model, cycle, bake, split } = await challengerOf(loop(), quickBake);
  await cycle.result();
  await bake.result();
  const { previousChampion } = (await model.records()).at(-1)!.after;
  await loop().store.remove(previousChampion!.model.digest);
  await expect(rollBack(model)).rejects.toThrow();
  expect(split()).toBe('new 100');
});

test('a registry of another name keeps no champion that is none: after a promotion, and after a rollback', async () => {
  const model = modelInTest(loop());
  const elsewhere = `${model.name}-renamed`;
  const aliasAt = (name: string) => loop().registry.aliases.get(`${name}@champion`);
  await (await model.startCycle(await model.open({ gates: { whenNoChampion: 'pass' } }, {}, { trainerCode: 'v1' }))).result();
  expect([aliasAt(model.name), aliasAt(elsewhere)]).toEqual(['1', undefined]);
  const renamed = { gates: { whenNoChampion: 'pass' }, registry: { name: elsewhere } };
  await model.append('by-hand/spec-applied', { kind: 'spec-applied', ...(await model.putSpec(renamed, 'v2')), requestedBy: 'ana' });
  await (await model.startCycle(await model.open(renamed, {}, { trainerCode: 'v2' }))).result();
  expect([aliasAt(model.name), aliasAt(elsewhere)]).toEqual([undefined, '1']);
  await rollBack(model);
  expect([aliasAt(model.name), aliasAt(elsewhere)]).toEqual(['1', undefined]);
});

test('a model that answers no requests is rolled back in ledger and registry', async () => {
  const model = modelInTest(loop());
  for (const code of ['v1', 'v2']) {
    const number = await model.open({ gates: { whenNoChampion: 'pass' } }, {}, { trainerCode: code });
    await (await model.startCycle(number)).result();
  }
  expect(await rollBack(model)).toMatchObject({ trafficBackAt: null });
  expect(loop().registry.aliases.get(`${model.name}@champion`)).toBe('1');
});
