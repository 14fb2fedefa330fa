import { expect, test, vi } from 'vitest';
import { digestOfBytes } from '../../src/domain/digest.js';
import { RatchetError } from '../../src/domain/failure.js';
import { TASK_QUEUE } from '../../src/workflows/messages.js';
import { registerRequest } from '../contracts/model-registry.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest, type ModelInTest } from './model-in-test.js';

const loop = useLoop('dev');
let runs = 0;

/** What the reconciliation found of this model. */
async function reconcile({ name }: ModelInTest): Promise<string[]> {
  const options = { workflowId: `reconcile-${++runs}`, taskQueue: TASK_QUEUE, args: [] };
  const found = (await loop().client.workflow.execute('reconcileModels', options)) as string[];
  return found.filter((line) => line.startsWith(`${name}: `));
}

async function servedModel(serving: Record<string, unknown> = {}) {
  const model = modelInTest(loop());
  await model.apply({ gates: { whenNoChampion: 'pass' }, serving });
  await model.trigger({ key: 'first' });
  const cycle = await model.cycleOf('first');
  await model.cycle(cycle).result();
  await eventually(model.state, ({ openCycle }) => openCycle === null);
  return { model, instance: `${model.name}-${cycle}` };
}

test('where all three say the same, nothing is found', async () => {
  const { model } = await servedModel();
  expect(await reconcile(model)).toEqual([]);
});

test('a hand edit is found also where nobody says what was counted, and nothing comes to an end', async () => {
  const { model } = await servedModel();
  const hanging = vi.spyOn(loop().traffic.metrics, 'read').mockImplementation(() => new Promise(() => undefined));
  try {
    loop().traffic.editByHand(model.name, { splits: [{ arm: 'champion', instance: 'somebody-else', weightPercent: 100 }], mirror: null });
    expect(await reconcile(model)).toEqual([expect.stringContaining('expected')]);
    expect(hanging).toHaveBeenCalled();
  } finally {
    hanging.mockRestore();
  }
});

test('what the proxy counted is kept beside it, once in ten minutes; metrics that are away keep nothing from being compared', async () => {
  const { model } = await servedModel();
  const kept = (): string[] => [...loop().store.files.keys()].filter((key) => key.startsWith(`requests/${model.name}/`));
  loop().traffic.failures.set('metrics', new RatchetError('MetricsUnavailable', 'away'));
  expect(await reconcile(model)).toEqual([]);
  expect(kept()).toEqual([]);
  loop().traffic.failures.delete('metrics');
  expect(await reconcile(model)).toEqual([]);
  expect(await reconcile(model)).toEqual([]);
  expect(kept().length).toBeGreaterThan(0);
  expect(kept().length).toBeLessThan(3); // two where ten minutes ended in between
});

test('a weight changed by hand is told and set back', async () => {
  const { model, instance } = await servedModel();
  loop().traffic.editByHand(model.name, { splits: [{ arm: 'champion', instance: 'somebody-else', weightPercent: 100 }], mirror: null });
  expect(await reconcile(model)).toEqual([`${model.name}: traffic: expected champion 100%, found champion 100%`]);
  expect(await reconcile(model)).toEqual([]);
  expect(loop().traffic.splitOf(model.name)).toBe(`${instance} 100`);
  expect(loop().notifier.notices.filter(({ model: name }) => name === model.name)).toMatchObject([{ severity: 'action' }]);
  expect((await model.state()).paused).toBe(false);
});

test('what answers requests is looked after, also where the file in force serves nothing', async () => {
  const { model, instance } = await servedModel();
  await model.apply({ gates: { whenNoChampion: 'pass' } });
  loop().traffic.editByHand(model.name, { splits: [{ arm: 'champion', instance: 'somebody-else', weightPercent: 100 }], mirror: null });
  expect(await reconcile(model)).toEqual([`${model.name}: traffic: expected champion 100%, found champion 100%`]);
  expect(loop().traffic.splitOf(model.name)).toBe(`${instance} 100`);

  await model.trigger({ key: 'unserved' });
  await model.cycle(await model.cycleOf('unserved')).result();
  await eventually(model.state, ({ openCycle }) => openCycle === null);
  const [found, ...more] = await reconcile(model);
  expect([found, more]).toEqual([expect.stringMatching(/traffic: .*: a rollback or a new cycle starts its servers$/), []]);
  expect(loop().traffic.splitOf(model.name)).toBe(`${instance} 100`);
  const notices = loop().notifier.notices.filter(({ model: name }) => name === model.name);
  expect(notices.at(-1)).toMatchObject({ severity: 'action', text: expect.stringContaining('Not all of it could be set back') });
});

test('a spec in force that is gone keeps nothing from being set back', async () => {
  const { model, instance } = await servedModel();
  const { specDigest } = (await loop().ledger.readState(model.name))!.state;
  await model.apply({ gates: { whenNoChampion: 'pass' }, serving: {}, tier: 'high' });
  const inForce = (await loop().ledger.readState(model.name))!.state.specDigest!;
  expect(inForce).not.toBe(specDigest);
  await loop().store.remove(inForce);
  loop().registry.aliases.set(`${model.name}@champion`, '99');
  loop().traffic.editByHand(model.name, { splits: [{ arm: 'champion', instance: 'somebody-else', weightPercent: 100 }], mirror: null });
  await reconcile(model);
  expect(loop().traffic.splitOf(model.name)).toBe(`${instance} 100`);
  expect(loop().registry.aliases.get(`${model.name}@champion`)).toBe('1');
});

test('an alias changed by hand is set back, and the model paused where its spec says so', async () => {
  const { model } = await servedModel({ onHandEdit: 'pause' });
  loop().registry.aliases.set(`${model.name}@champion`, '99');
  const { version } = (await loop().ledger.readState(model.name))!.state.champion!;
  expect(await reconcile(model)).toEqual([`${model.name}: alias champion of ${model.name}: expected version 1 (${version}), found 99`]);
  expect(loop().registry.aliases.get(`${model.name}@champion`)).toBe('1');
  expect((await model.state()).paused).toBe(true);
  expect(loop().notifier.notices.filter(({ model: name }) => name === model.name)).toMatchObject([{ untilResumed: { what: 'loop' } }]);
});

/** Of somebody who is not the champion, whatever its number. */
const stranger = (name: string) => registerRequest({ name, tags: { 'ratchet.candidate_digest': digestOfBytes('a stranger') } });

test('a registry of another name, which a new model file asks for, names no champion before there is one', async () => {
  const { model } = await servedModel();
  const name = `${model.name}-renamed`;
  await model.apply({ gates: { whenNoChampion: 'pass' }, serving: {}, registry: { name } });
  await loop().registry.register(stranger(name)); // version 1, as the champion is under its own name
  expect(await reconcile(model)).toEqual([]);
  expect(loop().registry.aliases.get(`${name}@champion`)).toBeUndefined();
  expect(loop().registry.aliases.get(`${model.name}@champion`)).toBe('1');
});

test('a registry that was lost gets the champion back, and whoever has its number now never is it', async () => {
  const { model } = await servedModel();
  const { versions, aliases } = loop().registry;
  const champion = versions.get(model.name)![0]!;
  versions.delete(model.name);
  aliases.delete(`${model.name}@champion`);
  await loop().registry.register(stranger(model.name));
  const { version } = (await loop().ledger.readState(model.name))!.state.champion!;
  const expected = `${model.name}: alias champion of ${model.name}: expected version 1 (${version})`;
  expect(await reconcile(model)).toEqual([`${expected}, found none`]);
  expect(versions.get(model.name)?.[1]).toEqual(champion);
  expect(aliases.get(`${model.name}@champion`)).toBe('2');
  expect(await reconcile(model)).toEqual([]);
  aliases.set(`${model.name}@champion`, '1');
  expect(await reconcile(model)).toEqual([`${expected}, found another model as version 1`]);
  expect(aliases.get(`${model.name}@champion`)).toBe('2');
});

test.for<[name: string, onHandEdit: 'repair' | 'pause', paused: boolean]>([
  ['told', 'repair', false],
  ['told, and the model paused where its spec says so', 'pause', true],
])('servers that somebody edited are never set back, but %s', async ([, onHandEdit, paused]) => {
  const { model, instance } = await servedModel({ onHandEdit });
  loop().traffic.behave(instance, { edits: ['kubectl-set: spec.template.spec.containers[server].env[DEBUG]'] });
  const found = expect.stringContaining(`${model.name}: servers: instance ${instance}: expected its servers as they were made, found edits by hand: kubectl-set: spec.template.spec.containers[server].env[DEBUG]`); // prettier-ignore
  expect(await reconcile(model)).toEqual([found]);
  expect(await reconcile(model)).toEqual([found]);
  const told = loop().notifier.notices.filter(({ model: name }) => name === model.name);
  expect(told).toMatchObject([{ severity: 'action', title: `${model.name}: changed by hand`, text: expect.stringContaining('nothing was overwritten') }]); // prettier-ignore
  expect((await model.state()).paused).toBe(paused);
  loop().traffic.behave(instance, { edits: ['kubectl-set: spec.template.spec.containers[server].image'] });
  await reconcile(model); // another edit of the same day is news
  const texts = loop()
    .notifier.notices.filter(({ model: name }) => name === model.name)
    .map(({ text }) => text);
  expect(texts).toEqual([expect.stringContaining('env[DEBUG]'), expect.stringContaining('containers[server].image')]);
  loop().traffic.behave(instance, {});
  expect(await reconcile(model)).toEqual([]);
});

test.for<[name: string, describe: () => Promise<never>]>([
  ['away', () => Promise.reject(new RatchetError('ServingUnavailable', 'away'))],
  ['not answering', () => new Promise(() => undefined)],
])('servers that are %s when they are looked at keep no traffic from being set back', async ([, describe]) => {
  const { model } = await servedModel();
  const { serving } = loop().traffic;
  const of = serving.describe;
  const looking = vi.spyOn(serving, 'describe').mockImplementation((name) => (name.startsWith(`${model.name}-`) ? describe() : of(name)));
  try {
    loop().traffic.editByHand(model.name, { splits: [], mirror: null });
    expect(await reconcile(model)).toEqual([expect.stringContaining('traffic: expected champion 100%')]);
    expect(await reconcile(model)).toEqual([]);
  } finally {
    looking.mockRestore();
  }
});

test('traffic that the ledger does not allow goes to the champion', async () => {
  const { model, instance } = await servedModel();
  const { asked } = (await loop().traffic.router.read(model.name))!;
  const stranger = { arm: 'challenger' as const, instance: `${model.name}-999`, weightPercent: 30 };
  await loop().traffic.router.shift(
    { ...asked, shift: asked.shift + 1, splits: [stranger, { ...asked.splits[0]!, weightPercent: 70 }] },
    new AbortController().signal,
  );
  expect(await reconcile(model)).toEqual([`${model.name}: traffic: ${model.name}-999 has 30% of the requests, and the ledger allows 0%`]);
  expect(loop().traffic.splitOf(model.name)).toBe(`${instance} 100`);
});

test('a route that is gone, as after the proxy’s folder was deleted, is set again, and a shift from before comes too late', async () => {
  const { model, instance } = await servedModel({ timeoutMs: 700, stickyBy: 'x-caller' });
  const lost = loop().traffic.routes.get(model.name)!;
  loop().traffic.routes.delete(model.name);
  expect(await reconcile(model)).toEqual([`${model.name}: traffic: no requests are sent anywhere`]);
  expect(loop().traffic.splitOf(model.name)).toBe(`${instance} 100`);
  expect(loop().traffic.routes.get(model.name)?.settings).toEqual(lost.settings);
  expect(await reconcile(model)).toEqual([]);
  const { signal } = new AbortController();
  await expect(loop().traffic.router.shift({ ...lost, shift: lost.shift + 1 }, signal)).rejects.toMatchObject({ type: 'ShiftStale' });
});

test('a champion without servers is told, with what starts them', async () => {
  const { model, instance } = await servedModel();
  loop().traffic.routes.delete(model.name);
  loop().traffic.instances.delete(instance);
  expect(await reconcile(model)).toEqual([
    `${model.name}: traffic: no requests are sent anywhere: a rollback or a new cycle starts its servers`,
  ]);
  expect(loop().traffic.routes.has(model.name)).toBe(false);
  const told = loop().notifier.notices.filter(({ model: name }) => name === model.name);
  expect(told).toMatchObject([{ severity: 'action', text: expect.stringContaining('Not all of it could be set back') }]);
});

test('one model’s trouble is not another’s: a route that cannot be read is told, with what to do', async () => {
  const { model } = await servedModel();
  const { model: other } = await servedModel();
  const { read } = loop().traffic.router;
  const trouble = new RatchetError('RouterUnavailable', 'm/7.json: spoilt', { remedy: 'remove the file' });
  loop().traffic.router.read = (name) => (name === model.name ? Promise.reject(trouble) : read(name));
  loop().traffic.editByHand(other.name, { splits: [], mirror: null });
  const options = { workflowId: `reconcile-${++runs}`, taskQueue: TASK_QUEUE, args: [] };
  const found = (await loop().client.workflow.execute('reconcileModels', options)) as string[];
  loop().traffic.router.read = read;
  expect(found).toContain(`${model.name}: traffic: m/7.json: spoilt: remove the file`);
  expect(found.some((line) => line.startsWith(`${other.name}: traffic: expected champion 100%`))).toBe(true);
  const told = loop().notifier.notices.filter(({ model: name }) => name === model.name);
  expect(told).toMatchObject([{ severity: 'action', text: expect.stringContaining('remove the file') }]);
});

test('a proxy that cannot be told where servers are is told of, and every model is compared nevertheless', async () => {
  const { model } = await servedModel();
  const { refresh } = loop().traffic.router;
  loop().traffic.router.refresh = () => Promise.reject(new RatchetError('StoreFull', 'the disk is full', { remedy: 'free space' }));
  loop().traffic.editByHand(model.name, { splits: [], mirror: null });
  const found = await reconcile(model);
  loop().traffic.router.refresh = refresh;
  expect(found).toEqual([expect.stringContaining('traffic: expected champion 100%')]);
  const told = await eventually(
    async () => loop().notifier.notices.find(({ id }) => id.startsWith(`${model.name}/traffic/`)),
    (notice) => notice !== undefined,
  );
  expect(told).toMatchObject({ severity: 'action', text: expect.stringContaining('the disk is full: free space') });
});
