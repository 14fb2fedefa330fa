import { describe, expect, test } from 'vitest';
import { openCycle } from '../../src/client/cycle-handle.js';
import { RatchetError } from '../../src/domain/failure.js';
import type { JobProgress } from '../../src/domain/job-progress.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest, type CycleEndedBody } from './model-in-test.js';

/** Jobs that nobody can watch. */
const unseen = new Set<string>();
const loop = useLoop('dev', {
  clusterOver: (memory) => ({
    ...memory,
    async *watch(name, options) {
      for await (const job of memory.watch(name, options)) {
        if (unseen.has(name)) throw new RatchetError('ClusterUnavailable', `job ${name}: it could not be watched: 403: Forbidden`);
        yield job;
      }
    },
  }),
});
const unattended = { gates: { whenNoChampion: 'pass' } };

/** A training that says its progress, step by step, until it is stopped. */
async function trainingThat(trainer: Record<string, unknown>, says: (step: number) => JobProgress) {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'hang' });
  const cycle = await model.open({ ...unattended, trainer });
  const handle = await model.startCycle(cycle);
  const job = `${model.name}-c${cycle}-train-a1`;
  let step = 0;
  const saying = setInterval(() => loop().jobCluster.say(job, says(step++)), 100);
  const ended = handle.result().then(
    () => null,
    () => null,
  );
  void ended.finally(() => clearInterval(saying));
  return { model, cycle, handle, job, ended };
}

describe('a training is stopped, checkpoint first, and the ledger says why', () => {
  test.for<[says: string, trainer: Record<string, unknown>, progress: (step: number) => JobProgress, type: string, words: string]>([
    ['where its loss is no number', {}, (step) => (step < 3 ? { step, loss: 1 } : { step, loss: 'NaN' }), 'JobDiverged', 'found NaN'],
    ['where it costs too much', { stop: { costMax: 0.0001 } }, (step) => ({ step }), 'JobOverBudget', 'at most 0.0001 EUR, found 0.00'],
    [
      'where it says nothing new',
      { stop: { withoutProgressMinutes: 0.01 } },
      () => ({ step: 1, message: 'hm' }),
      'JobStalled',
      'step 1, hm',
    ],
  ])('%s', async ([, trainer, progress, type, words]) => {
    const { model, cycle, job, ended } = await trainingThat({ ...trainer, checkpoints: {} }, progress);
    // A cluster tells of a job that says nothing by its beat; here somebody shakes it.
    await ended;
    const end = (await model.records()).at(-1)!.body as CycleEndedBody;
    expect(end).toMatchObject({ kind: 'cycle-ended', cycle, outcome: 'failed', stage: 'train', failure: { type, class: 'invalid' } });
    expect(end.reason).toContain(words);
    expect(end.failure!.remedy).not.toBe('');
    expect(loop().jobCluster.stopped).toContain(job);
    expect(
      loop()
        .jobCluster.started(model.name)
        .filter((name) => name.startsWith('train')),
    ).toEqual(['train#1']);
    expect(loop().jobCluster.cleared).toEqual([]); // what it saved is there for `ratchet retry`
  });
});

test('the cost of earlier attempts counts', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'hang' }, { kind: 'hang' });
  const cycle = await model.open({ ...unattended, trainer: { stop: { costMax: 0.001 } } }); // 3.6 s of a core
  const handle = await model.startCycle(cycle);
  const [first, second] = [1, 2].map((attempt) => `${model.name}-c${cycle}-train-a${attempt}`) as [string, string];
  await eventually(
    async () => loop().jobCluster.started(model.name),
    (names) => names.includes('train#1'),
  );
  const bothRunMs = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 2000)); // it is the time that costs
  await loop().jobCluster.stop(first);
  const saying = setInterval(() => loop().jobCluster.say(second, { step: Date.now() }), 100);
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'JobOverBudget' } });
  clearInterval(saying);
  const { startedAt, endedAt } = (await loop().jobCluster.describe(second))!;
  expect(Date.parse(endedAt!) - Date.parse(startedAt!)).toBeLessThan(Date.now() - bothRunMs - 1900);
});

test('every attempt at the same work gets the same checkpoints, and they go when it is done', async () => {
  const model = modelInTest(loop());
  loop().jobCluster.script(model.name, 'train', { kind: 'fail', type: 'JobLost' });
  const cycle = await model.open({ ...unattended, refit: 'afterPass', trainer: { checkpoints: { graceSeconds: 90 } } });
  expect(await (await model.startCycle(cycle)).result()).toMatchObject({ outcome: 'promoted' });
  const [first, second] = [1, 2].map((attempt) => loop().jobCluster.spec(`${model.name}-c${cycle}-train-a${attempt}`));
  const refit = loop().jobCluster.spec(`${model.name}-c${cycle}-refit-a1`);
  expect(first!.checkpoints).toMatch(new RegExp(`^${model.name}/train-[0-9a-f]{64}$`));
  expect(second).toMatchObject({ checkpoints: first!.checkpoints, graceSeconds: 90 });
  expect(refit.checkpoints).not.toBe(first!.checkpoints);
  expect(loop().jobCluster.spec(`${model.name}-c${cycle}-evaluate-a1`)).not.toHaveProperty('checkpoints');
  expect(loop().jobCluster.cleared).toEqual([first!.checkpoints, refit.checkpoints]);
});

describe('attempts that are lost', () => {
  const lostAt = (step: number) => ({ kind: 'fail', type: 'JobLost', step }) as const;

  test.for<[name: string, checkpoints: object | null, steps: readonly number[], trainings: number]>([
    ['each farther than the one before, do not count', {}, [10, 20, 30, 40, 50], 6],
    ['where the last one was, count', {}, [10, 10, 10, 10], 3],
    ['without checkpoints, count', null, [10, 20, 30, 40], 2],
  ])('%s', async ([, checkpoints, steps, trainings]) => {
    const model = modelInTest(loop());
    loop().jobCluster.script(model.name, 'train', ...steps.map(lostAt));
    const trainer = { attemptsMax: 2, ...(checkpoints && { checkpoints }) };
    const handle = await model.startCycle(await model.open({ ...unattended, trainer }));
    if (trainings > steps.length) expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
    else await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'JobLost' } });
    expect(
      loop()
        .jobCluster.started(model.name)
        .filter((name) => name.startsWith('train')),
    ).toHaveLength(trainings);
  });
});

test('progress is there for whoever looks at once, and in the details of the workflow soon', async () => {
  const { model, cycle, handle, job, ended } = await trainingThat({}, (step) => ({ epoch: 1, epochs: 2, step, total: 9000, loss: 0.5 }));
  const look = () => openCycle(loop().client, model.name, cycle, 10).look();
  const { jobWords } = await eventually(look, ({ jobWords: words }) => words !== null);
  expect(jobWords).toMatch(/^epoch 1 of 2, step \d+ of 9000, loss 0\.5/);
  const noteOf = async () => (await model.cycleState(cycle)).stages.find(({ stage }) => stage === 'train')!.note;
  await eventually(noteOf, (note) => note.startsWith('epoch 1 of 2'));
  await loop().jobCluster.finish(job);
  await ended;
  const signals = (await handle.fetchHistory()).events!.filter((event) => event.workflowExecutionSignaledEventAttributes);
  expect(signals.length).toBeLessThanOrEqual(2);
});

test('a job that cannot be watched is not told as if it were, and its progress is, as soon as it can', async () => {
  const { model, cycle, job, ended } = await trainingThat({}, (step) => ({ step, total: 9000 }));
  const look = async () => (await openCycle(loop().client, model.name, cycle, 10).look()).jobWords;
  await eventually(look, (words) => words?.startsWith('step') === true);
  unseen.add(job);
  expect(await eventually(look, (words) => words?.startsWith('step') === false)).toBe(
    `not seen just now: job ${job}: it could not be watched: 403: Forbidden`,
  );
  unseen.delete(job);
  await eventually(look, (words) => words?.startsWith('step') === true);
  await loop().jobCluster.finish(job);
  await ended;
});
