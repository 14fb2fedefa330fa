import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLocalJobCluster } from '../../../src/adapters/local/job-cluster.js';
import { createLocalObjectStore } from '../../../src/adapters/local/object-store.js';
import { identify, isRunning, processStart } from '../../../src/adapters/local/process-identity.js';
import type { ProcessIdentity } from '../../../src/adapters/local/process-identity.js';
import { jobEnd, nodeJob, runJob, untilJob } from '../../contracts/job-cluster.js';
import { temporaryFolder } from '../../temporary-folder.js';

const signal = new AbortController().signal;
const forever = 'setInterval(() => {}, 1000);';
const canMount = process.platform === 'linux' && process.getuid?.() === 0;

function open(home = temporaryFolder(), environment: NodeJS.ProcessEnv = process.env) {
  const objectStore = createLocalObjectStore(join(home, 'store'));
  const cluster = createLocalJobCluster({ home, objectStore, pythonBin: null, stepsPath: null, environment, graceMs: 500 });
  const folderOf = (name: string) => join(home, 'jobs', name);
  const identityIn = async (name: string, file: string) => {
    const path = join(folderOf(name), file);
    await expect.poll(() => existsSync(path)).toBe(true); // a job may have begun before its supervisor has noted it
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  };
  return { home, cluster, folderOf, identityIn };
}

/** A job that has told the number of a process which it started in a session of its own. */
async function runningWithChild({ cluster, identityIn }: ReturnType<typeof open>) {
  const startsChild = `const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(forever)}], { detached: true, stdio: 'ignore' });`;
  const spec = nodeJob(`${startsChild} fs.writeFileSync(process.env.RATCHET_PROGRESS, JSON.stringify({ step: child.pid })); ${forever}`);
  await cluster.submit(spec, signal);
  const { progress } = await untilJob(cluster, spec.name, (job) => job.progress?.step !== undefined);
  const child = identify(progress!.step!);
  onTestFinished(() => void (isRunning(child) && process.kill(child.pid, 'SIGKILL')));
  return { spec, supervisor: await identityIn(spec.name, 'claim'), command: await identityIn(spec.name, 'command'), child };
}

describe('a job whose processes are killed', () => {
  test('is lost where its supervisor is killed; the command and what it started end, and stay ended', async () => {
    const opened = open();
    const { spec, supervisor, command, child } = await runningWithChild(opened);
    process.kill(supervisor.pid, 'SIGKILL');
    expect(await jobEnd(opened.cluster, spec.name)).toMatchObject({
      phase: 'Failed',
      failure: { type: 'JobLost', message: expect.stringContaining('supervisor') },
    });
    await expect.poll(() => [isRunning(command), isRunning(child)]).toEqual([false, process.platform === 'darwin']);
    await opened.cluster.submit(spec, signal);
    expect(await opened.cluster.describe(spec.name)).toMatchObject({ failure: { type: 'JobLost' } });
  });

  test('is lost where its command is killed, and what it started ends', async () => {
    const opened = open();
    const { spec, command, child } = await runningWithChild(opened);
    process.kill(command.pid, 'SIGKILL');
    expect(await jobEnd(opened.cluster, spec.name)).toMatchObject({
      failure: { type: 'JobLost', message: expect.stringContaining('SIGKILL') },
    });
    await expect.poll(() => isRunning(child)).toBe(process.platform === 'darwin');
  });

  test('is lost, after it could clean up, where the machine asks its supervisor to end', async () => {
    const { cluster, identityIn } = open();
    const spec = nodeJob(
      `process.on('SIGTERM', () => { console.log('checkpointed'); process.exit(0); }); fs.writeFileSync(process.env.RATCHET_PROGRESS, '{"step":1}'); ${forever}`,
      { graceSeconds: 30 },
    );
    await cluster.submit(spec, signal);
    await untilJob(cluster, spec.name, ({ progress }) => progress !== null);
    process.kill((await identityIn(spec.name, 'claim')).pid, 'SIGTERM');
    expect(await jobEnd(cluster, spec.name)).toMatchObject({
      failure: { type: 'JobLost', logTail: expect.stringContaining('checkpointed') },
    });
  });

  test('is lost where its supervisor’s number now belongs to another process, which is left alone', async () => {
    const { cluster, folderOf } = open();
    const spec = nodeJob('write(1)');
    await runJob(cluster, spec);
    const bystander = spawn(process.execPath, ['-e', forever], { detached: true, stdio: 'ignore' });
    onTestFinished(() => void bystander.kill('SIGKILL'));
    renameSync(join(folderOf(spec.name), 'exit.json'), join(folderOf(spec.name), 'exit.json.gone'));
    for (const file of ['claim', 'command'])
      writeFileSync(join(folderOf(spec.name), file), JSON.stringify({ pid: bystander.pid, start: 'another boot/1' }));
    expect(await cluster.describe(spec.name)).toMatchObject({ failure: { type: 'JobLost' } });
    expect(processStart(bystander.pid!)).not.toBeNull();
  });
});

describe('a job that several processes submit', () => {
  test('starts once', { timeout: 60_000 }, async () => {
    const { home, cluster } = open();
    const spec = nodeJob("fs.appendFileSync('../starts', 'x'); setTimeout(() => write(fs.readFileSync('../starts', 'utf8')), 500)");
    const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../../src/adapters/local/${path}`, import.meta.url)));
    const code = `import { createLocalJobCluster } from ${source('job-cluster.ts')}; import { createLocalObjectStore } from ${source('object-store.ts')};
      const [, home, spec] = process.argv;
      const cluster = createLocalJobCluster({ home, objectStore: createLocalObjectStore(home + '/store'), pythonBin: null, stepsPath: null });
      await cluster.submit(JSON.parse(spec), new AbortController().signal);`;
    const tsx = createRequire(import.meta.url).resolve('tsx');
    const submitElsewhere = () =>
      new Promise<number | null>((resolve) =>
        spawn(process.execPath, ['--import', tsx, '--input-type=module', '-e', code, home, JSON.stringify(spec)], { stdio: 'inherit' }).on(
          'exit',
          resolve,
        ),
      );
    const codes = await Promise.all([submitElsewhere(), submitElsewhere(), submitElsewhere(), cluster.submit(spec, signal).then(() => 0)]);
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(await jobEnd(cluster, spec.name)).toMatchObject({ output: 'x' });
  });

  test('starts after a worker died between making its folder and starting it', async () => {
    const { cluster, folderOf, identityIn } = open();
    const spec = nodeJob('write(input)');
    await runJob(cluster, spec);
    const leftover = folderOf(spec.name);
    const supervisor = await identityIn(spec.name, 'claim');
    await expect.poll(() => isRunning(supervisor)).toBe(false); // it clears its folder after its last word
    for (const file of readdirSync(leftover))
      if (!['spec.json', 'input.json'].includes(file)) execFileSync('rm', ['-r', join(leftover, file)]);
    mkdirSync(join(leftover, 'work'));
    expect(await cluster.describe(spec.name)).toMatchObject({ phase: 'Pending' });
    expect(await runJob(cluster, spec)).toMatchObject({ phase: 'Succeeded', output: spec.input });
  });

  test('never starts once it was stopped before', async () => {
    const { cluster, folderOf } = open();
    const spec = nodeJob('write(1)');
    await runJob(cluster, spec);
    for (const file of ['claim', 'exit.json', 'output.json']) execFileSync('rm', [join(folderOf(spec.name), file)]);
    await cluster.stop(spec.name);
    expect(await runJob(cluster, spec)).toMatchObject({ failure: { type: 'JobStopped' } });
    expect(existsSync(join(folderOf(spec.name), 'output.json'))).toBe(false);
  });
});

test('a log of 1 GB costs at most 17 MiB of disk and little time, and its last lines are kept', { timeout: 120_000 }, async () => {
  const { cluster, folderOf } = open();
  const line = 'x'.repeat(1023);
  const code = `const block = Buffer.from((${JSON.stringify(line)} + '\\n').repeat(1024)); for (let k = 0; k < 1024; k++) fs.writeSync(1, block); console.log('the end'); write('done')`;
  const startMs = performance.now();
  const spec = nodeJob(code);
  const job = await runJob(cluster, spec);
  expect(job).toMatchObject({ phase: 'Succeeded', output: 'done' });
  expect(performance.now() - startMs).toBeLessThan(60_000);
  const files = readdirSync(folderOf(spec.name)).filter((name) => name.startsWith('log'));
  expect(files.reduce((bytes, name) => bytes + statSync(join(folderOf(spec.name), name)).size, 0)).toBeLessThan(17 * 2 ** 20);
  expect(await cluster.logs(spec.name, { bytesMax: 1000 })).toBe('the end\n');
});

test('a result that belongs into the object store is refused before a worker reads it', async () => {
  const { cluster } = open();
  const code = "fs.writeFileSync(process.env.RATCHET_OUTPUT, '[' + '1,'.repeat(20 * 2 ** 20) + '1]')";
  expect(await runJob(cluster, nodeJob(code))).toMatchObject({
    failure: {
      type: 'JobOutputMissing',
      message: expect.stringMatching(/output\.json: expected a result of at most 32 MiB, found 41 MiB/),
    },
  });
});

test('a job’s last words steer no terminal', async () => {
  const { cluster } = open();
  const words = String.raw`loss 1\rloss 2\r\n\x1b[2J\x1b]0;title\x07\x1b[31mred\x1b[0m is\x00 \x9b1mbad`;
  const code = `fs.writeFileSync(process.env.RATCHET_PROGRESS, JSON.stringify({ message: "\\x1b[1mhalf\\x07" })); console.error("${words}"); process.exitCode = 3`;
  const job = await runJob(cluster, nodeJob(code));
  expect(job).toMatchObject({
    failure: { message: 'exit code 3: red is\ufffd \ufffd1mbad', logTail: expect.stringMatching(/^loss 1\nloss 2\nred/) },
  });
  expect(job.progress).toEqual({ message: 'half\ufffd' });
});

test('a secret of its environment that a job prints goes nowhere', async () => {
  const { cluster, folderOf } = open(temporaryFolder(), {
    ...process.env,
    AWS_SECRET_ACCESS_KEY: 'abc/secret+key',
    AWS_CA_BUNDLE: '/certificates',
    MLFLOW_TRACKING_URI: 'https://ana:pa55word@mlflow/',
  });
  const code =
    'const { AWS_SECRET_ACCESS_KEY: key, MLFLOW_TRACKING_URI: url, AWS_CA_BUNDLE: path } = process.env; console.error(`${key} for ${url}, ${path}`); process.exitCode = 3';
  const spec = nodeJob(code);
  expect((await runJob(cluster, spec)).failure).toEqual({
    type: 'JobFailed',
    message: 'exit code 3: *** for https://ana:***@mlflow/, /certificates',
    logTail: '*** for https://ana:***@mlflow/, /certificates\n',
  });
  expect(statSync(join(folderOf(spec.name), 'log')).mode & 0o077).toBe(0);
});

test('memory counts for all processes of a job together', async () => {
  const { cluster } = open();
  const hold = `const held = Buffer.alloc(150 * 2 ** 20, 1); setInterval(() => held[0]++, 1000)`;
  const code = `for (let k = 0; k < 3; k++) require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(hold)}]); ${forever}`;
  const job = await runJob(cluster, nodeJob(code, { resources: { cpus: 1, memoryMiB: 450, gpus: 0 } }));
  expect(job).toMatchObject({
    failure: { type: 'JobOutOfMemory', message: expect.stringMatching(/at most 450 MiB of memory, found \d+ MiB/) },
  });
});

test('a job whose folder is deleted is ended', async () => {
  const { cluster, folderOf, identityIn } = open();
  const spec = nodeJob(`fs.writeFileSync(process.env.RATCHET_PROGRESS, '{"step":1}'); ${forever}`);
  await cluster.submit(spec, signal);
  await untilJob(cluster, spec.name, ({ progress }) => progress !== null);
  const supervisor = await identityIn(spec.name, 'claim');
  const command = await identityIn(spec.name, 'command');
  execFileSync('rm', ['-r', folderOf(spec.name)]);
  await expect.poll(() => isRunning(supervisor) || isRunning(command), { timeout: 10_000 }).toBe(false);
});

describe.skipIf(!canMount)('on a full disk (needs root on Linux)', () => {
  function onSmallDisk(options: string) {
    const disk = temporaryFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]);
    onTestFinished(() => void execFileSync('umount', ['-l', disk]));
    return { ...open(join(disk, 'home')), disk };
  }

  test('says that there is no room for the job’s folder, leaves nothing behind, and starts when there is', async () => {
    const { cluster, home, disk } = onSmallDisk('size=512k');
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(450 * 1024));
    const spec = nodeJob('write(1)', { input: 'x'.repeat(200 * 1024) });
    await expect(cluster.submit(spec, signal)).rejects.toMatchObject({
      type: 'StoreFull',
      message: expect.stringMatching(/disk is full \(0\.\d MiB/),
    });
    expect(readdirSync(join(home, 'jobs'))).toEqual([]);
    execFileSync('rm', [join(disk, 'ballast')]);
    writeFileSync(join(disk, 'ballast'), '');
    const small = nodeJob('write(1)');
    expect(await runJob(cluster, small)).toMatchObject({ output: 1 });
  });

  test('a job that fills the disk with its log still ends as it should', async () => {
    const { cluster } = onSmallDisk('size=1m');
    const code =
      "for (let k = 0; k < 3000; k++) fs.writeSync(1, 'x'.repeat(1023) + '\\n'); console.error('InputInvalid: the end'); process.exitCode = 64";
    expect(await runJob(cluster, nodeJob(code))).toMatchObject({
      failure: { type: 'InputInvalid', message: 'the end', logTail: expect.stringMatching(/xxx\n/) },
    });
  });

  test('a job that did its work is done, however long its supervisor must wait for room to say so', async () => {
    const { cluster, disk, folderOf } = onSmallDisk('size=1m');
    const code = `write('done');
      const file = fs.openSync('../../../../ballast', 'w'); try { for (;;) fs.writeSync(file, Buffer.alloc(4096)); } catch {}`;
    const spec = nodeJob(code);
    await cluster.submit(spec, signal);
    // The log and the working folder are given up first; then nothing is left but to wait.
    await expect
      .poll(() => existsSync(join(disk, 'ballast')) && !existsSync(join(folderOf(spec.name), 'log')), { timeout: 20_000 })
      .toBe(true);
    expect(await cluster.describe(spec.name)).toMatchObject({ phase: 'Running' });
    execFileSync('rm', [join(disk, 'ballast')]);
    expect(await jobEnd(cluster, spec.name)).toMatchObject({ phase: 'Succeeded', output: 'done' });
  });

  test('a job that finds no room may be tried again', async () => {
    const { cluster } = onSmallDisk('size=1m');
    const job = await runJob(cluster, nodeJob("fs.writeFileSync('large', Buffer.alloc(2 * 2 ** 20))"));
    expect(job).toMatchObject({ failure: { type: 'JobTemporary', message: expect.stringContaining('the disk is full (exit code 1)') } });
  });
});
