import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLedger } from '../../src/activities/ledger.js';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import { processStart } from '../../src/adapters/local/process-identity.js';
import { startQuickStack, type QuickStack } from '../chaos/quick-stack.js';
import { until } from '../chaos/until.js';
import { createMemorySigner } from '../fakes/memory-signer.js';
import { deliveries, SECRET } from '../api/signed-deliveries.js';
import { ratchet as ratchetHere } from '../cli/terminal-in-test.js';
import { AT, named } from '../ledger/sample-bodies.js';
import { temporaryFolder } from '../temporary-folder.js';
import { runRatchet, type RatchetRun } from './run-ratchet.js';

describe('ratchet over a running stack', () => {
  let stack: QuickStack;
  let modelFile: string;
  beforeAll(async () => {
    stack = await startQuickStack({ extra: { RATCHET_WEBHOOK_GITHUB_SECRET: SECRET } });
    modelFile = join(stack.home.path, '..', 'model', 'model.yaml');
  });
  afterAll(async () => stack?.stop());

  const ratchet = (...args: string[]): Promise<RatchetRun> => runRatchet(stack.home.path, args);

  test('a second up on the folder says who has it and where its addresses are', async () => {
    const { code, out, err } = await ratchet('up');
    expect(code).toBe(1);
    expect(out).toBe('');
    expect(err).toContain(`process ${stack.endpoints().supervisor.pid} on `);
    expect(err).toContain(stack.home.endpointsFile);
  });

  test('a port that is taken is one clear sentence, and nothing is left running', async () => {
    const home = temporaryFolder();
    const port = stack.endpoints().temporal.address.split(':')[1]!;
    const { code, err } = await runRatchet(home, ['up', '--temporal-port', port]);
    expect(code).toBe(1);
    expect(err).toContain(`port ${port} (--temporal-port) is taken by another process`);
    expect(JSON.parse((await runRatchet(home, ['status', '-o', 'json'])).out)).toMatchObject({ running: false });
  });

  test('the addresses are for the owner’s eyes only', () => {
    expect(statSync(stack.home.endpointsFile).mode & 0o777).toBe(0o600);
  });

  test('the HTTP server answers on loopback, refuses what is not signed or too large, and comes back after kill -9', async () => {
    const post = async (change: { secret?: string } = {}, body?: string): Promise<number> => {
      const ping = deliveries.github({ event: 'ping', ...change });
      const url = `${stack.endpoints().api!.url}${ping.path}`;
      return (await fetch(url, { method: 'POST', headers: ping.headers, body: body ?? ping.body })).status;
    };
    await until('the HTTP server runs', () => stack.endpoints().api?.process != null);
    expect([await post(), await post({ secret: 'another secret' }), await post({}, 'x'.repeat(2 ** 20))]).toEqual([202, 401, 413]);
    const { pid } = stack.endpoints().api!.process!;
    process.kill(pid, 'SIGKILL');
    await until('another process is the HTTP server', () => ![undefined, pid].includes(stack.endpoints().api?.process?.pid));
    expect(await post()).toBe(202);
  });

  test('apply twice changes nothing and says so; the schedule follows the file', async () => {
    const apply = async (): Promise<unknown> => JSON.parse((await ratchet('apply', '-f', modelFile, '-o', 'json')).out);
    expect(await apply()).toMatchObject({ model: 'quick', changed: false, schedule: 'none' });
    const text = readFileSync(modelFile, 'utf8');
    const scheduled = (cron: string): void =>
      writeFileSync(modelFile, `${text}  triggers: { schedules: [{ cron: '${cron}', timeZone: Europe/Zurich }] }\n`);
    scheduled('0 6 1 1 *');
    expect(await apply()).toMatchObject({ changed: true, schedule: 'created' });
    expect(await apply()).toMatchObject({ changed: false, schedule: 'unchanged' });
    scheduled('0 7 1 1 *');
    expect(await apply()).toMatchObject({ changed: true, schedule: 'updated' });
    writeFileSync(modelFile, text);
    expect(await apply()).toMatchObject({ changed: true, schedule: 'deleted' });
  });

  test('a rejected candidate ends a waiting trigger with 2, an approved one with 0', async () => {
    const rejected = ratchet('trigger', 'quick', '--wait', '--as-of', '2013-06-01', '-o', 'json');
    const candidate = await waitingCandidate();

    const unnamed = await ratchet('reject', 'quick', '--as', 'chaos');
    expect(unnamed.code).toBe(1);
    expect(unnamed.err).toContain(`ratchet reject quick --candidate ${candidate} --as chaos`);
    expect(unnamed.err).toContain('why a person is asked');
    for (const named of [[], ['--candidate', candidate]]) {
      const stranger = await ratchet('approve', 'quick', ...named, '--as', 'mallory');
      expect(stranger.code).toBe(1);
      expect(stranger.err).toMatch(/^error: mallory may not sign: expected chaos\b/);
      expect(stranger.err).not.toContain('--as mallory');
    }
    const other = await ratchet('approve', 'quick', '--candidate', `sha256:${'0'.repeat(64)}`, '--as', 'chaos');
    expect(other.code).toBe(1);

    expect((await ratchet('reject', 'quick', '--candidate', candidate, '--as', 'chaos', '--comment', 'not today')).code).toBe(0);
    const ended = await rejected;
    expect(ended.code).toBe(2);
    expect(JSON.parse(ended.out)).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('not today') });

    const promoted = ratchet('trigger', 'quick', '--wait', '--as-of', '2013-07-01', '-o', 'json');
    const approved = await ratchet('approve', 'quick', '--candidate', await waitingCandidate(), '--as', 'chaos', '-o', 'json');
    expect(JSON.parse(approved.out)).toMatchObject({ decision: 'approve', outcome: 'approved' });
    expect((await promoted).code).toBe(0);
  });

  test('a challenger of which nothing is proven ends a waiting trigger with 3', async () => {
    const text = readFileSync(modelFile, 'utf8');
    writeFileSync(modelFile, text.replace('test: superiority }', 'test: superiority, margin: 0.03 }'));
    expect((await ratchet('apply', '-f', modelFile)).code).toBe(0);
    const { code, out } = await ratchet('trigger', 'quick', '--wait', '--as-of', '2013-07-15', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({ outcome: 'inconclusive', reason: expect.stringContaining('not proven better') as string });
    expect(code).toBe(3);
    writeFileSync(modelFile, text);
    expect((await ratchet('apply', '-f', modelFile)).code).toBe(0);
  });

  test('pause, resume, abort: said, done and refused where there is nothing to do', async () => {
    expect((await ratchet('pause', 'quick', '--reason', 'holidays')).out).toContain('quick: paused');
    expect(JSON.parse((await ratchet('get', '-o', 'json')).out)).toMatchObject([{ model: 'quick', paused: true }]);
    expect((await ratchet('resume', 'quick')).out).toContain('quick: resumed');
    const abort = await ratchet('abort', 'quick');
    expect(abort).toMatchObject({ code: 1, err: expect.stringContaining('no cycle of quick is open') as string });
  });

  test('watching and waiting that are interrupted end with 130, and blame no time limit', async () => {
    expect((await ratchet('pause', 'quick', '--reason', 'nothing may start')).code).toBe(0);
    const stop = new AbortController();
    const here = ['--home', stack.home.path];
    const told: string[] = [];
    const options = { interrupted: stop.signal, onErr: (line: string) => void told.push(line) };
    const runs = Promise.all([
      ratchetHere(['status', 'quick', '--watch', ...here], options),
      ratchetHere(['trigger', 'quick', '--key', 'interrupted', '--as-of', '2013-08-01', '--wait', '--timeout', '2h', ...here], options),
    ]);
    const isAsked = async () => JSON.parse((await ratchet('status', 'quick', '-o', 'json')).out).lifecycle.queue.length > 0;
    await until('both wait', async () => told.some((line) => line.includes('no cycle is open')) && isAsked());
    stop.abort();
    const [watched, waited] = await runs;
    expect(watched).toMatchObject({ code: 130, err: expect.stringContaining('no cycle is open') });
    expect(waited).toMatchObject({ code: 130, err: expect.stringContaining('stopped waiting: interrupted; it has not begun') });
    expect((await ratchet('resume', 'quick')).code).toBe(0);
    await waitingCandidate();
    expect((await ratchet('abort', 'quick')).code).toBe(0);
  });

  test('an aborted cycle ends a waiting trigger with 1, and retry goes on from its finished stages', async () => {
    const waiting = ratchet('trigger', 'quick', '--wait', '--as-of', '2013-08-01', '-o', 'json');
    await waitingCandidate();
    expect((await ratchet('abort', 'quick', '--reason', 'enough')).code).toBe(0);
    const aborted = await waiting;
    expect(aborted.code).toBe(1);
    expect(JSON.parse(aborted.out)).toMatchObject({ outcome: 'aborted' });

    const retried = ratchet('retry', 'quick', '--wait');
    await ratchet('approve', 'quick', '--candidate', await waitingCandidate(), '--as', 'chaos');
    const { code, err } = await retried;
    expect(code).toBe(0);
    expect(err).toMatch(/✓ train .*\(cited\)/);
  });

  test('the same key is the same wish', async () => {
    const ask = async (): Promise<unknown> =>
      JSON.parse((await ratchet('trigger', 'quick', '--key', 'once', '--as-of', '2013-09-01', '-o', 'json')).out);
    expect(await ask()).toMatchObject({ key: 'once', duplicate: false });
    expect(await ask()).toMatchObject({ key: 'once', duplicate: true });
    await waitingCandidate();
    expect((await ratchet('abort', 'quick')).code).toBe(0);
  });

  test('a ledger of another cluster is taken over only by naming the owner that was seen', async () => {
    const store = createLocalObjectStore(stack.home.storeFolder);
    const theirs = createLedger({ store, signer: createMemorySigner(), owner: 'elsewhere/default' });
    const body = { kind: 'spec-applied', specDigest: named('spec'), codeDigest: named('code'), requestedBy: 'ana' } as const;
    await theirs.append({ model: 'foreign', key: 'apply-1/spec-applied', body, expects: {}, at: AT });

    const unnamed = await ratchet('adopt', 'foreign');
    expect(unnamed.code).toBe(1);
    expect(unnamed.err).toContain('ratchet adopt foreign --from elsewhere/default');
    expect((await ratchet('adopt', 'foreign', '--from', 'somebody/else')).code).toBe(1);
    const adopted = await ratchet('adopt', 'foreign', '--from', 'elsewhere/default', '--reason', 'that machine is gone', '-o', 'json');
    expect(JSON.parse(adopted.out)).toMatchObject({ model: 'foreign', from: 'elsewhere/default', seq: 3 });
    expect((await ratchet('audit', 'verify', 'foreign', '--no-evidence')).code).toBe(0);
  });

  test('after kill -9 of the worker, status says so and then that it runs again', async () => {
    const before = stack.endpoints().worker.process!.pid;
    process.kill(before, 'SIGKILL');
    const pid = await until('another worker', () => {
      const now = stack.endpoints().worker.process?.pid;
      return now === before ? undefined : now;
    });
    const { out } = await ratchet('status', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      running: true,
      parts: expect.arrayContaining([{ part: 'worker', state: 'running', pid, address: '' }]) as unknown,
    });
    expect((await ratchet('audit', 'verify', 'quick')).code).toBe(0);
  });

  test('why tells what the last cycle was, and what the next one waits for', async () => {
    const { out, code } = await ratchet('why', 'quick');
    expect({ out, code }).toEqual({
      out: expect.stringMatching(/^Cycle \d+ started at [\s\S]*Spent: \d+ of 24 cycles in 24 hours/) as unknown,
      code: 0,
    });
    const explained = JSON.parse((await ratchet('why', 'quick', '-o', 'json')).out) as object;
    expect(explained).toMatchObject({ model: 'quick', waiting: [], sentences: expect.arrayContaining([out.split('\n')[0]]) as unknown });
    expect(await ratchet('why', 'nobody')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no model nobody here') as unknown,
    });
  });

  async function waitingCandidate(): Promise<string> {
    return until(
      'a candidate that waits for a person',
      async () => {
        const { code, out } = await ratchet('status', 'quick', '-o', 'json');
        if (code !== 0) return undefined;
        const { lifecycle, cycle } = JSON.parse(out) as {
          lifecycle: { openCycle: number | null };
          cycle: { candidateDigest: string; approval: { outcome: string | null } | null } | null;
        };
        return lifecycle.openCycle !== null && cycle?.approval?.outcome === null ? cycle.candidateDigest : undefined;
      },
      { everyMs: 200 },
    );
  }
});

test('up in the background, status, down: and everything it started is gone', async () => {
  const home = temporaryFolder();
  const up = await runRatchet(home, ['up', '--detach', '-o', 'json']);
  expect(up).toMatchObject({ code: 0 });
  const { supervisor, temporal, mlflow, worker } = JSON.parse(up.out) as Record<string, { pid: number; process: { pid: number } }>;
  const pids = [supervisor!.pid, ...[temporal, mlflow, worker].map((part) => part!.process.pid)];
  expect(JSON.parse((await runRatchet(home, ['status', '-o', 'json'])).out)).toMatchObject({ running: true });

  // A second home attaches to the server that is named, and starts none.
  const attached = temporaryFolder();
  const address = (JSON.parse(up.out) as { temporal: { address: string } }).temporal.address;
  const environment = { TEMPORAL_ADDRESS: address, MLFLOW_TRACKING_URI: (JSON.parse(up.out) as { mlflow: { url: string } }).mlflow.url };
  const second = await runRatchet(attached, ['up', '--detach', '-o', 'json'], environment);
  expect(second.err).toContain(`attaching to the Temporal server at ${address} (named by TEMPORAL_ADDRESS)`);
  expect(JSON.parse(second.out)).toMatchObject({ temporal: { address, process: null }, mlflow: { process: null } });
  expect((await runRatchet(attached, ['down'], environment)).code).toBe(0);

  expect((await runRatchet(home, ['down'])).code).toBe(0);
  expect(pids.filter((pid) => processStart(pid) !== null)).toEqual([]);
  expect((await runRatchet(home, ['down'])).out).toContain('no stack runs');
});
