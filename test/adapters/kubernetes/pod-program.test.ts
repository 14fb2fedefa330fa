import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { jobManifest } from '../../../src/adapters/kubernetes/job-manifest.js';
import type { JobSpec } from '../../../src/domain/job.js';
import { KubernetesCluster } from '../../../src/domain/kubernetes-cluster.js';
import { nodeJob } from '../../contracts/job-cluster.js';
import { until } from '../../chaos/until.js';
import { temporaryFolder } from '../../temporary-folder.js';

/** Runs what a pod would run, with this machine's shell, in folders that lie where its volumes would be. */
function startPod(spec: JobSpec, files: Readonly<Record<string, string>> = {}) {
  const root = temporaryFolder();
  const here = (text: string): string =>
    text.replaceAll(/(?<!\w)\/ratchet\//g, `${root}/`).replaceAll('/dev/termination-log', join(root, 'last-word'));
  const cluster = KubernetesCluster.parse({ kind: 'kubernetes', image: 'registry.example/trainer@sha256:0' });
  const place = {
    namespace: 'training',
    storeUri: 's3://ratchet',
    environment: {},
    checkpoints: { uri: '/ratchet/checkpoints/m', claim: 'c' },
  };
  const { containers } = jobManifest(spec, cluster, 'sha256:0' as never, place).spec!.template.spec!;
  const [sh, ...args] = containers[0]!.command!;
  const environment = Object.fromEntries(containers[0]!.env!.map(({ name, value }) => [name, here(value ?? '')]));
  write(join(root, 'given', 'input.json'), JSON.stringify(spec.input));
  for (const [path, text] of Object.entries(files)) {
    // As kubelet lays out a ConfigMap: links to what may be exchanged whole.
    write(join(root, 'given', '..data', path), text);
    mkdirSync(dirname(join(root, 'given', 'files', path)), { recursive: true });
    symlinkSync(join(root, 'given', '..data', path), join(root, 'given', 'files', path));
  }
  const child = spawn(sh!, args.map(here), { env: { PATH: process.env['PATH'], ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, log, lastWord: readIfThere(join(root, 'last-word')) }));
  return { ended, log: () => log, terminate: () => child.kill('SIGTERM') };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function readIfThere(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

test('the job finds its input and its files, and its result is the last word of the pod', async () => {
  const code =
    "write({ rows: input.rows, depth: require('./config/deep.json').depth, place: fs.existsSync(process.env.RATCHET_CHECKPOINTS) })";
  const pod = startPod(nodeJob(code.replace("'./", "process.cwd() + '/")), { 'config/deep.json': '{"depth":4}' });
  expect(await pod.ended).toEqual({ code: 0, log: '', lastWord: '{"rows":3,"depth":4,"place":true}' });
});

test('words with blanks, quotes and dollars reach the command as they are', async () => {
  const pod = startPod(
    nodeJob('write(process.argv.slice(1))', { command: [...nodeJob('write(process.argv.slice(1))').command, 'a b', '$HOME', '"x"', ''] }),
  );
  expect((await pod.ended).lastWord).toBe('["a b","$HOME","\\"x\\"",""]');
});

test.for([64, 75, 3])('exit code %i is that of the pod, and a result that was written is not told', async (code) => {
  expect(await startPod(nodeJob(`write({}); process.exit(${code})`)).ended).toMatchObject({ code, lastWord: null });
});

test('a command that is not there says so', async () => {
  const { code, log } = await startPod(nodeJob('', { command: ['no-such-trainer'] })).ended;
  expect(code).toBe(127);
  expect(log).toContain('command "no-such-trainer": expected a program in PATH, found none');
});

test.for([
  ['checkpoints and goes', 'process.exit(75)', 75],
  ['goes without a word', '', 143],
] as const)('SIGTERM reaches the command, which %s', async ([, onTerm, code]) => {
  const handler = onTerm === '' ? '' : `process.on('SIGTERM', () => setTimeout(() => { console.log('kept'); ${onTerm}; }, 200));`;
  const pod = startPod(nodeJob(`${handler} console.log('runs'); setInterval(() => {}, 1000);`));
  await until('the command runs', () => pod.log().includes('runs'));
  pod.terminate();
  const end = await pod.ended;
  expect(end).toMatchObject({ code, lastWord: null });
  expect(end.log.includes('kept')).toBe(onTerm !== '');
});

test('a result that is longer than a last word may be is cut there, which is told as such', async () => {
  const { lastWord } = await startPod(nodeJob("write({ long: 'x'.repeat(10_000) })")).ended;
  expect(Buffer.byteLength(lastWord!)).toBe(4096);
});
