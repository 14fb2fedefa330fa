import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createLocalJobCluster } from '../../src/adapters/local/job-cluster.js';
import type { Job } from '../../src/domain/job.js';
import { abortUpdate } from '../../src/workflows/messages.js';
import { stageOutput } from '../fakes/stage-outputs.js';
import { useLoop } from './loop.js';
import { eventually, modelInTest } from './model-in-test.js';

const home = mkdtempSync(join(tmpdir(), 'ratchet-test-'));
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
const isTraining = (name: string): boolean => /-train-a\d+$/.test(name);

/** Trainings run as processes of this machine; what they would have learnt, and all other stages, are fakes. */
const loop = useLoop('dev', {
  clusterOver(memory, store) {
    const local = createLocalJobCluster({ home, objectStore: store, pythonBin: null, stepsPath: null, graceMs: 500 });
    const learnt = async (job: Job): Promise<Job> =>
      job.phase === 'Succeeded' ? { ...job, output: await stageOutput(store, memory.spec(job.name)) } : job;
    const of = (name: string) => (isTraining(name) ? local : memory);
    return {
      ...memory,
      async submit(spec, signal) {
        if (spec.stage === 'train')
          memory.script(spec.model, 'train', ...Array.from({ length: spec.attempt }, () => ({ kind: 'hang' }) as const));
        await memory.submit(spec, signal); // remembers the spec
        if (spec.stage === 'train') await local.submit(spec, signal);
      },
      async describe(name) {
        const job = await of(name).describe(name);
        return job && isTraining(name) ? learnt(job) : job;
      },
      async *watch(name, options) {
        for await (const job of of(name).watch(name, options)) yield isTraining(name) ? await learnt(job) : job;
      },
      stop: async (name) => of(name).stop(name),
      clearCheckpoints: async (place) => local.clearCheckpoints(place),
    };
  },
});

const prelude = `const fs = require('node:fs'); const place = process.env.RATCHET_CHECKPOINTS;
  const write = () => fs.writeFileSync(process.env.RATCHET_OUTPUT, '{}');`;

function trainer(code: string, more: Record<string, unknown> = {}) {
  return {
    gates: { whenNoChampion: 'pass' },
    trainer: { command: [process.execPath, '-e', prelude + code], timeLimitSeconds: 300, ...more },
  };
}

test('a training that takes too much memory is run again with twice as much', async () => {
  const model = modelInTest(loop());
  const code = 'const held = Buffer.alloc(300 * 2 ** 20, 1); setTimeout(() => { write(); held.fill(2); }, 2000)';
  const cycle = await model.open(trainer(code, { resources: { memoryMiB: 250, memoryMiBMax: 500 } }));
  expect(await (await model.startCycle(cycle)).result()).toMatchObject({ outcome: 'promoted' });
  const [first, second] = [1, 2].map((attempt) => loop().jobCluster.spec(`${model.name}-c${cycle}-train-a${attempt}`).resources.memoryMiB);
  expect([first, second]).toEqual([250, 500]);
});

test('a training whose process vanishes goes on from its checkpoint under the next attempt', async () => {
  const model = modelInTest(loop());
  const code = `if (!fs.existsSync(place + '/half')) { fs.writeFileSync(place + '/half', process.env.RATCHET_JOB_NAME); process.kill(process.pid, 'SIGKILL'); }
    else { console.log('went on after ' + fs.readFileSync(place + '/half', 'utf8')); write(); }`;
  const cycle = await model.open(trainer(code, { checkpoints: {} }));
  expect(await (await model.startCycle(cycle)).result()).toMatchObject({ outcome: 'promoted' });
  const job = (attempt: number) => `${model.name}-c${cycle}-train-a${attempt}`;
  expect(readFileSync(join(home, 'jobs', job(2), 'log'), 'utf8')).toContain(`went on after ${job(1)}`);
  expect(existsSync(join(home, 'checkpoints', model.name)) ? readdirSync(join(home, 'checkpoints', model.name)) : []).toEqual([]);
});

test('an aborted cycle checkpoints first, and its retry goes on there', async () => {
  const model = modelInTest(loop());
  const code = `if (fs.existsSync(place + '/last')) write();
    else {
      process.on('SIGTERM', () => setTimeout(() => { fs.writeFileSync(place + '/last', 'saved'); process.exit(143); }, 1500));
      fs.writeFileSync(process.env.RATCHET_PROGRESS, '{"step":1}');
      setInterval(() => {}, 1000);
    }`;
  const spec = trainer(code, { checkpoints: { graceSeconds: 60 } });
  const cycle = await model.open(spec);
  const handle = await model.startCycle(cycle);
  const job = `${model.name}-c${cycle}-train-a1`;
  await eventually(
    async () => existsSync(join(home, 'jobs', job, 'progress.json')),
    (isThere) => isThere,
  );
  await handle.executeUpdate(abortUpdate, { args: [{ requestedBy: 'ana', reason: 'the node is needed' }] });
  expect(await handle.result()).toMatchObject({ outcome: 'aborted' });
  const [place] = readdirSync(join(home, 'checkpoints', model.name));
  expect(readFileSync(join(home, 'checkpoints', model.name, place!, 'last'), 'utf8')).toBe('saved');
  const again = await model.open(spec);
  expect(await (await model.startCycle(again)).result()).toMatchObject({ outcome: 'promoted' });
});
