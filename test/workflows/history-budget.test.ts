import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JobStage } from '../../src/domain/job.js';
import { historyBytes, historyJson, payloadTexts, type History } from './histories.js';
import { useLoop } from './loop.js';
import { modelInTest } from './model-in-test.js';

const loop = useLoop('timeSkipping');
const EVENTS_MAX = 400;
const BYTES_MAX = 200 * 1024;
const secrets = { AWS_SECRET_ACCESS_KEY: 'zx9-secret-of-the-store', MLFLOW_TRACKING_PASSWORD: 'zx9-secret-of-the-registry' };

beforeAll(() => void Object.assign(process.env, secrets));
afterAll(() => {
  for (const name of Object.keys(secrets)) delete process.env[name];
});

test('the longest ordinary cycle stays within 400 events and 200 KiB, and carries no secret', async () => {
  const model = modelInTest(loop());
  const { number, handle } = await model.openApproval({
    refit: 'afterPass',
    approval: { signers: [{ role: 'risk', members: Array.from({ length: 20 }, (_, n) => `person-${n}`) }], quorum: 5 },
  });
  for (let n = 0; n < 5; n++) await model.vote(number, { signer: `person-${n}`, comment: 'looked at every slice'.repeat(20) });
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  await withinBudget(handle);
});

test('so does one in which every job is lost once and the votes are a storm', async () => {
  const model = modelInTest(loop());
  const stages: JobStage[] = ['snapshot', 'validate', 'train', 'evaluate'];
  for (const stage of stages) loop().jobCluster.script(model.name, stage, { kind: 'fail', type: 'JobLost', message: 'x'.repeat(5000) });
  const { number, handle } = await model.openApproval();
  for (let n = 0; n < 30; n++) await model.vote(number, { signer: `mallory-${n}` }).catch(() => undefined);
  await model.vote(number);
  expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  await withinBudget(handle);
});

test('so does one that waits for room for as long as a cycle may', async () => {
  const model = modelInTest(loop());
  const full = { kind: 'fail', type: 'ClusterFull', message: 'no machine of that kind has room '.repeat(10) } as const;
  loop().jobCluster.script(model.name, 'train', ...Array.from({ length: 11 }, () => full));
  const handle = await model.startCycle(await model.open({ approval: { signers: [{ name: 'ana' }], requiredFor: 'always' } }));
  expect(await handle.result()).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('nobody signed') });
  await withinBudget(handle);
});

async function withinBudget(handle: { fetchHistory(): Promise<History> }): Promise<void> {
  const fetched = await handle.fetchHistory();
  const history = historyJson(fetched);
  const texts = payloadTexts(history);
  expect(history.events.length).toBeLessThanOrEqual(EVENTS_MAX);
  expect(historyBytes(fetched)).toBeLessThanOrEqual(BYTES_MAX);
  for (const secret of Object.values(secrets)) expect(texts.filter((text) => text.includes(secret))).toEqual([]);
}
