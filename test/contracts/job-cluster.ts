import { describe, expect, test } from 'vitest';
import type { Job, JobSpec } from '../../src/domain/job.js';
import type { JobCluster } from '../../src/ports/job-cluster.js';
import type { ObjectStore } from '../../src/ports/object-store.js';

const signal = new AbortController().signal;

/** Node code as a job's command: it starts fast, and `context` gives it the job contract. */
export function nodeJob(code: string, changes: Partial<JobSpec> = {}): JobSpec {
  const context = `const fs = require('node:fs');
    const input = JSON.parse(fs.readFileSync(process.env.RATCHET_INPUT, 'utf8'));
    const write = (output) => fs.writeFileSync(process.env.RATCHET_OUTPUT, JSON.stringify(output));
    const progress = (text, to = process.env.RATCHET_PROGRESS) => (to === '-' ? console.log('RATCHET_PROGRESS ' + text) : fs.writeFileSync(to, text));`;
  return {
    name: `m-c3-train-a1-${uniqueNumber++}`,
    model: 'm',
    cycle: 3,
    stage: 'train',
    attempt: 1,
    command: [process.execPath, '-e', context + code],
    files: [],
    input: { stage: 'train', rows: 3 },
    environment: {},
    resources: { cpus: 1, memoryMiB: 1024, gpus: 0 },
    timeLimitSeconds: 60,
    ...changes,
  };
}
let uniqueNumber = 1;

/** Watches a job to its end. */
export async function jobEnd(cluster: JobCluster, name: string): Promise<Job> {
  let last: Job | undefined;
  for await (const job of cluster.watch(name, { signal, heartbeatMs: 1000 })) last = job;
  return last!;
}

/** Submits a job and watches it to its end. */
export async function runJob(cluster: JobCluster, spec: JobSpec): Promise<Job> {
  await cluster.submit(spec, signal);
  return jobEnd(cluster, spec.name);
}

/** Watches until the job is as wanted. */
export async function untilJob(cluster: JobCluster, name: string, isWanted: (job: Job) => boolean): Promise<Job> {
  for await (const job of cluster.watch(name, { signal, heartbeatMs: 50 })) if (isWanted(job)) return job;
  throw new Error(`${name} ended without becoming as wanted`);
}

/**
 * What every cluster that really runs processes keeps.
 *
 * @param seesSignals false: a process that is killed and one that ends with 128 + the signal's number look the same
 */
export function describeJobCluster(
  name: string,
  open: () => Promise<{ cluster: JobCluster; objectStore: ObjectStore }>,
  { seesSignals = true } = {},
) {
  describe(`${name} job cluster`, () => {
    test('gives a job its input, runs it once, and gives back its result', async () => {
      const { cluster } = await open();
      const spec = nodeJob('write({ doubled: input.rows * 2 })');
      expect(await runJob(cluster, spec)).toMatchObject({ name: spec.name, phase: 'Succeeded', output: { doubled: 6 }, failure: null });
      await cluster.submit(spec, signal);
      expect(await cluster.describe(spec.name)).toMatchObject({ phase: 'Succeeded', output: { doubled: 6 } });
    });

    test('fetches its files by digest into its working folder', async () => {
      const { cluster, objectStore } = await open();
      const digest = await objectStore.put(Buffer.from('{"depth": 4}'));
      const code = "write(JSON.parse(fs.readFileSync('config/deep/trainer.json', 'utf8')))";
      expect(await runJob(cluster, nodeJob(code, { files: [{ path: 'config/deep/trainer.json', digest }] }))).toMatchObject({
        output: { depth: 4 },
      });
    });

    test('keeps the job contract’s variables over those of the spec, and has no others of the caller', async () => {
      const { cluster, objectStore } = await open();
      const code = 'write(process.env)';
      const spec = nodeJob(code, { environment: { TRAINER_MODE: 'quick', RATCHET_MODEL: 'forged' } });
      process.env.WORKER_PRIVATE_THING = 'secret';
      const { output } = await runJob(cluster, spec);
      delete process.env.WORKER_PRIVATE_THING;
      expect(output).toMatchObject({
        TRAINER_MODE: 'quick',
        RATCHET_MODEL: 'm',
        RATCHET_CYCLE: '3',
        RATCHET_JOB_NAME: spec.name,
        RATCHET_STORE_URI: objectStore.uri,
      });
      expect(output).not.toHaveProperty('WORKER_PRIVATE_THING');
    });

    test.for<[says: string, code: string, changes: Partial<JobSpec>, type: string, message: RegExp]>([
      ['exit code 64 is wrong input', "console.error('no such column'); process.exit(64)", {}, 'InputInvalid', /no such column/],
      [
        'a failure named by the job is kept',
        "console.error('noise\\nWindowEmpty: no rows in January'); process.exit(64)",
        {},
        'WindowEmpty',
        /^no rows in January$/,
      ],
      ['a name that is no failure is not', "console.error('KeyError: x'); process.exit(64)", {}, 'InputInvalid', /KeyError: x/],
      ['a job cannot call itself lost', "console.error('JobLost: no'); process.exit(64)", {}, 'InputInvalid', /no/],
      ['exit code 75 is temporary', "console.error('later'); process.exit(75)", {}, 'JobTemporary', /later/],
      ['exit code 75 may name what is away', "console.error('StoreUnavailable: later'); process.exit(75)", {}, 'StoreUnavailable', /later/],
      [
        'any other exit is a failure, with its last words',
        "console.error('Traceback\\nValueError: bad'); process.exit(1)",
        {},
        'JobFailed',
        /exit code 1: ValueError: bad/,
      ],
      ['no result', '', {}, 'JobOutputMissing', /found no file/],
      [
        'a result that is no JSON',
        'fs.writeFileSync(process.env.RATCHET_OUTPUT, \'{\\n  "auc": NaN}\')',
        {},
        'JobOutputMissing',
        /expected the result as JSON, found NaN at line 2 column 10: .*write null/,
      ],
      [
        'a result that is cut off',
        'fs.writeFileSync(process.env.RATCHET_OUTPUT, \'{"auc": \')',
        {},
        'JobOutputMissing',
        /expected the result as JSON, found the end of the file at line 1 column 9: expected a value/,
      ],
      ['hangs', 'setInterval(() => {}, 1000)', { timeLimitSeconds: 1 }, 'JobTimedOut', /within 1 s/],
      [
        'hangs and does not listen',
        "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)",
        { timeLimitSeconds: 1 },
        'JobTimedOut',
        /within 1 s/,
      ],
      ['reports that memory ran out', "console.error('MemoryError'); process.exit(1)", {}, 'JobOutOfMemory', /MemoryError/],
      [
        'takes more memory than allowed',
        'const held = []; setInterval(() => held.push(Buffer.alloc(2 ** 25, 1)), 20)',
        { resources: { cpus: 1, memoryMiB: 256, gpus: 0 } },
        'JobOutOfMemory',
        /at most 256 MiB/,
      ],
      seesSignals
        ? ['is killed for memory below a shell', 'process.exit(137)', {}, 'JobOutOfMemory', /killed/]
        : ['is killed below a shell, and not for memory', 'process.exit(137)', {}, 'JobLost', /SIGKILL/],
      ['leaves after a SIGTERM that was not ours', 'process.exit(143)', {}, 'JobLost', /SIGTERM/],
      ['crashes', 'process.abort()', {}, 'JobFailed', /SIGABRT/],
      ['is killed by somebody', "process.kill(process.pid, 'SIGKILL')", {}, 'JobLost', /SIGKILL/],
      ['has no such program', '', { command: ['no-such-program-anywhere'] }, 'JobFailed', /expected a program in PATH/],
    ])('tells apart: %s', async ([, code, changes, type, message]) => {
      const { cluster } = await open();
      const job = await runJob(cluster, nodeJob(code, changes));
      expect(job).toMatchObject({ phase: 'Failed', output: null, failure: { type, message: expect.stringMatching(message) } });
    });

    test('shows progress while the job runs', async () => {
      const { cluster } = await open();
      const spec = nodeJob("progress(JSON.stringify({ step: 2, total: 5, message: 'fold 2' })); setInterval(() => {}, 1000)");
      await cluster.submit(spec, signal);
      const job = await untilJob(cluster, spec.name, ({ progress }) => progress?.step !== undefined);
      expect(job).toMatchObject({
        phase: 'Running',
        progress: { step: 2, total: 5, message: 'fold 2' },
        startedAt: expect.stringMatching(/Z$/),
      });
      await cluster.stop(spec.name);
    });

    test('starts one process however many submit at once, and all may watch it', async () => {
      const { cluster, objectStore } = await open();
      const started = await objectStore.put(Buffer.from('')); // a file of its own per job folder
      const spec = nodeJob("fs.appendFileSync('starts', 'x'); setTimeout(() => write(fs.readFileSync('starts', 'utf8')), 300)", {
        files: [{ path: 'starts', digest: started }],
      });
      await Promise.all(Array.from({ length: 6 }, () => cluster.submit(spec, signal)));
      const ends = await Promise.all([jobEnd(cluster, spec.name), jobEnd(cluster, spec.name)]);
      expect(ends.map(({ output }) => output)).toEqual(['x', 'x']);
    });

    test('refuses a name that another job has', async () => {
      const { cluster } = await open();
      const spec = nodeJob('write(1)');
      await runJob(cluster, spec);
      await expect(cluster.submit({ ...spec, input: { stage: 'train', rows: 4 } }, signal)).rejects.toMatchObject({
        type: 'JobConflict',
        class: 'conflict',
      });
    });

    test.for<[string, Partial<JobSpec>]>([
      ['a file above its folder', { files: [{ path: '../x', digest: `sha256:${'0'.repeat(64)}` }] }],
      ['a name that is a path', { name: '../x' }],
      ['no command', { command: [] }],
      ['no time limit', { timeLimitSeconds: 0 }],
    ])('refuses a job with %s', async ([, changes]) => {
      const { cluster } = await open();
      await expect(cluster.submit(nodeJob('', changes), signal)).rejects.toMatchObject({ type: 'JobSpecInvalid', class: 'invalid' });
    });

    test('says which file is missing, and starts nothing', async () => {
      const { cluster } = await open();
      const spec = nodeJob('write(1)', { files: [{ path: 'x', digest: `sha256:${'0'.repeat(64)}` }] });
      await expect(cluster.submit(spec, signal)).rejects.toMatchObject({ type: 'EvidenceMissing' });
      expect(await cluster.describe(spec.name)).toBeNull();
    });

    test('knows no job that was never submitted', async () => {
      const { cluster } = await open();
      expect(await cluster.describe('m-c1-train-a1')).toBeNull();
      expect(await cluster.logs('m-c1-train-a1')).toBe('');
      await cluster.stop('m-c1-train-a1');
      await expect(jobEnd(cluster, 'm-c1-train-a1')).rejects.toMatchObject({ type: 'JobLost' });
    });

    test('stops a job, lets it clean up, and stopping it again changes nothing', async () => {
      const { cluster } = await open();
      const spec = nodeJob(
        "process.on('SIGTERM', () => { console.log('checkpointed'); process.exit(0); }); console.log('listening'); setInterval(() => {}, 1000)",
        { graceSeconds: 30 },
      );
      await cluster.submit(spec, signal);
      await expect.poll(() => cluster.logs(spec.name), { timeout: 60_000 }).toContain('listening');
      await cluster.stop(spec.name);
      await cluster.stop(spec.name);
      expect(await cluster.describe(spec.name)).toMatchObject({
        phase: 'Failed',
        failure: { type: 'JobStopped', logTail: expect.stringContaining('checkpointed') },
      });
    });

    test('leaves a finished job’s result when it is stopped', async () => {
      const { cluster } = await open();
      const spec = nodeJob('write(1)');
      await runJob(cluster, spec);
      await cluster.stop(spec.name);
      expect(await cluster.describe(spec.name)).toMatchObject({ phase: 'Succeeded', output: 1 });
    });

    test('lists what runs', async () => {
      const { cluster } = await open();
      const [running, ended] = [nodeJob('setInterval(() => {}, 1000)'), nodeJob('write(1)')];
      const listed = async () => (await cluster.listRunning()).filter(({ name }) => name === running.name || name === ended.name);
      await runJob(cluster, ended);
      await cluster.submit(running, signal);
      await untilJob(cluster, running.name, ({ phase }) => phase === 'Running');
      expect(await listed()).toEqual([{ name: running.name, model: 'm', cycle: 3 }]);
      await cluster.stop(running.name);
      expect(await listed()).toEqual([]);
    });

    test('a watch beats while nothing changes, and ends with its signal, not with the job', async () => {
      const { cluster } = await open();
      const spec = nodeJob('setInterval(() => {}, 1000)');
      await cluster.submit(spec, signal);
      await untilJob(cluster, spec.name, ({ phase }) => phase === 'Running');
      const watcher = new AbortController();
      let beats = 0;
      const watching = (async () => {
        for await (const _ of cluster.watch(spec.name, { signal: watcher.signal, heartbeatMs: 100 }))
          if (++beats === 4) watcher.abort(new Error('enough'));
      })();
      await expect(watching).rejects.toThrow('enough');
      expect(await cluster.describe(spec.name)).toMatchObject({ phase: 'Running' });
      await cluster.stop(spec.name);
    });

    test('keeps both streams of the log, and gives its last lines', async () => {
      const { cluster } = await open();
      const spec = nodeJob("for (let k = 0; k < 5000; k++) console.log('line', k); console.error('the end'); write(1)");
      await runJob(cluster, spec);
      const log = await cluster.logs(spec.name, { bytesMax: 200 });
      expect(log).toMatch(/^line \d+\n/);
      expect(log.length).toBeLessThanOrEqual(200);
      expect(await cluster.logs(spec.name, { bytesMax: 2 ** 20 })).toContain('the end\n');
    });
  });
}
