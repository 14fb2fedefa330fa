import { expect, test } from 'vitest';
import { createApi } from '../../src/api/api.js';
import { openModel } from '../../src/client/model-handle.js';
import { deliveries, hoursAgo, nowSeconds, SECRET, type Posted } from '../api/signed-deliveries.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';

const loop = useLoop('dev');
const unattended = { gates: { whenNoChampion: 'pass' } };

/** Posts to the API over the real client. @returns the status */
async function post({ path, headers, body }: Posted, model: string): Promise<number> {
  const api = createApi({
    secretOf: () => SECRET,
    wish: (name, trigger) => openModel(loop().client, name, { isKnown: () => Promise.resolve(name !== 'unknown') }).wish(trigger),
    addLabels: () => Promise.reject(new Error('nobody adds labels here')),
    tell: () => undefined,
  });
  return (await api.request(`${path.split('?')[0]}?model=${model}`, { method: 'POST', headers, body })).status;
}

const starts = async (model: ReturnType<typeof modelInTest>): Promise<string[]> =>
  (await model.records()).flatMap(({ body }) => (body.kind === 'cycle-started' ? [body.trigger.key] : []));

test('a webhook that is delivered ten times starts one cycle', async () => {
  const model = modelInTest(loop());
  await model.apply(unattended);
  const push = deliveries.github({ at: nowSeconds() });
  const statuses = await Promise.all(Array.from({ length: 10 }, () => post(push, model.name)));
  expect(statuses).toEqual(Array(10).fill(202));
  await eventually(model.state, ({ openCycle, champion }) => openCycle === null && champion !== null);
  expect(await post(push, model.name)).toBe(202); // also after its cycle has ended
  await model.trigger({ key: 'afterwards' });
  await model.cycleOf('afterwards');
  expect(await starts(model)).toEqual([expect.stringMatching(/^github\//), 'afterwards']);
});

test('one that comes while no worker runs is kept', async () => {
  const model = modelInTest(loop());
  await model.apply(unattended);
  const startsAt = hoursAgo(1);
  await loop().withoutWorkers(async () => {
    expect(await post(deliveries.alertmanager({ startsAt }), model.name)).toBe(202);
  });
  await eventually(
    () => starts(model),
    (keys) => keys.length === 1,
  );
  expect(await starts(model)).toEqual([`alertmanager/c0ffee/${startsAt}`]);
});

test('one for a model that nobody applied starts nothing', async () => {
  expect(await post(deliveries.alertmanager(), 'unknown')).toBe(404);
});
