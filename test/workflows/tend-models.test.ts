import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { RatchetError } from '../../src/domain/failure.js';
import { TASK_QUEUE } from '../../src/workflows/messages.js';
import { useLoop } from './loop.js';
import { modelInTest, type ModelInTest } from './model-in-test.js';

const loop = useLoop('dev');

async function applied(change: Record<string, unknown>): Promise<ModelInTest> {
  const model = modelInTest(loop());
  await model.apply(change);
  return model;
}

async function tend(): Promise<string[]> {
  const options = { workflowId: `tend-${randomUUID()}`, taskQueue: TASK_QUEUE, args: [] };
  return (await loop().client.workflow.execute('tendModels', options)) as string[];
}
const askedOf = ({ name }: ModelInTest) => loop().logs.asked.filter(({ model }) => model === name);

test('logs are tended by the retention of the spec in force, where it says that this is done daily, and nowhere else', async () => {
  const monitoring = { schedule: { kind: 'interval', everyMinutes: 1440 }, answers: { decay: { foundMin: 3, ofWindows: 60 } } };
  const daily = await applied({ retention: { tendLogs: 'daily', predictionDays: 30, labelDays: 50 }, monitoring });
  const byCommand = await applied({ retention: { predictionDays: 30, labelDays: 50 } });
  expect(await tend()).toEqual([]);
  expect(askedOf(daily)).toEqual([
    {
      model: daily.name,
      isDeleting: true,
      nowMs: expect.any(Number),
      retentionDays: { predictions: 30, labels: 50, answers: expect.any(Number) },
    },
  ]);
  expect(askedOf(daily)[0]!.retentionDays.answers).toBeGreaterThanOrEqual(60);
  expect(askedOf(byCommand)).toEqual([]);
  await daily.apply({ retention: { tendLogs: 'byCommand', predictionDays: 30, labelDays: 50 } });
  expect(await tend()).toEqual([]);
  expect(askedOf(daily)).toHaveLength(1);
});

test('one whose logs cannot be tended keeps no other from it, and people are told once a day', async () => {
  const [broken, sound] = [await applied({ retention: { tendLogs: 'daily' } }), await applied({ retention: { tendLogs: 'daily' } })];
  loop().logs.failures.set(broken.name, new RatchetError('AccessDenied', 'the store refuses'));
  expect(await tend()).toEqual([expect.stringMatching(new RegExp(`^${broken.name}: .*the store refuses`))]);
  expect(askedOf(sound)).toHaveLength(1);
  const told = () => loop().notifier.notices.filter(({ model }) => model === broken.name);
  expect(told()).toMatchObject([
    { severity: 'action', title: `${broken.name}: its logs were not tended`, text: expect.stringContaining(`ratchet gc ${broken.name}`) },
  ]);
  expect(await tend()).toHaveLength(1);
  expect(told()).toHaveLength(1); // of the day
  loop().logs.failures.delete(broken.name);
  expect(await tend()).toEqual([]);
  expect(askedOf(broken).length).toBeGreaterThan(1);
});
