import { chmodSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLocalObjectStore } from '../../src/adapters/local/object-store.js';
import { createMlflowModelRegistry } from '../../src/adapters/mlflow/model-registry.js';
import { sameSplit } from '../../src/domain/decide/traffic-splits.js';
import { objectKey } from '../../src/domain/object-key.js';
import { reconcileScheduleId, tendScheduleId } from '../../src/workflows/messages.js';
import { records } from '../chaos/kill-point.js';
import { MODEL } from '../chaos/quick-stack.js';
import { until } from '../chaos/until.js';
import { readRoute } from './lawful-traffic.js';
import { JUDGED_BY_ERRORS, startServedStack, type ServedStack } from './served-stack.js';
import type { SteadyCallers } from './steady-callers.js';
import { strike } from './strike.js';

const DAY_MS = 86_400_000;

describe('months after the last promotion', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-later-'));
  const offsetFile = join(folder, 'offset');
  const cycles: number[] = [];
  let stack: ServedStack;
  let callers: SteadyCallers;
  beforeAll(async () => {
    writeFileSync(offsetFile, '0');
    const preload = new URL('../e2e/jumping-clock.mjs', import.meta.url).href;
    stack = await startServedStack(JUDGED_BY_ERRORS, { NODE_OPTIONS: `--import=${preload}`, CLOCK_OFFSET_FILE: offsetFile });
    callers = stack.callers(4);
    cycles.push(champion().cycle);
    for (let more = 0; more < 2; more++) {
      const cycle = await stack.challenge({});
      await stack.body(cycle, 'baked');
      cycles.push(cycle);
    }
    await until('only the champion has servers', () => servers().length === 1, { everyMs: 50 });
    await forget();
  });
  afterAll(async () => {
    await callers?.stop();
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ledger = () => records(stack.home.storeFolder);
  const champion = () => ledger().at(-1)!.after.champion!;
  const servers = (): string[] => readdirSync(stack.home.servingFolder);
  const registry = () => createMlflowModelRegistry({ trackingUri: stack.endpoints().mlflow.url });
  const versionOf = (cycle: number) => {
    const promoted = ledger().find(({ body }) => body.kind === 'promoted' && body.cycle === cycle)!.body;
    if (promoted.kind !== 'promoted') throw new Error('expected a promotion');
    return promoted.version;
  };
  const rollback = (...args: string[]) => stack.cli(['-o', 'json', 'rollback', MODEL, '--as', 'traffic', ...args]);

  /** Half a year: the server keeps no histories of that time, jobs are swept, and the clock is elsewhere. */
  async function forget(): Promise<void> {
    const { workflowService } = await stack.client();
    const client = await stack.client();
    for await (const { workflowId, runId } of client.workflow.list({ query: "ExecutionStatus != 'Running'" }))
      await workflowService.deleteWorkflowExecution({ namespace: 'default', workflowExecution: { workflowId, runId } });
    await until(
      'the histories are gone',
      async () => (await client.workflow.count("ExecutionStatus != 'Running' AND WorkflowType = 'retrainCycle'")).count === 0,
      { everyMs: 100 },
    );
    rmSync(stack.home.jobsFolder, { recursive: true, force: true });
    writeFileSync(`${offsetFile}.new`, String(200 * DAY_MS));
    renameSync(`${offsetFile}.new`, offsetFile);
  }

  test('a version whose artifact is not what was signed, or is gone, gets no traffic', async () => {
    const before = champion();
    const artifact = join(stack.home.storeFolder, objectKey(versionOf(cycles[1]!).model.digest));
    const bytes = readFileSync(artifact);
    const count = ledger().length;
    const failures = callers.failures.length;

    chmodSync(artifact, 0o600);
    writeFileSync(artifact, Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1)! ^ 1])]));
    const damaged = await rollback('--to', versionOf(cycles[1]!).version);
    rmSync(artifact);
    const missing = await rollback('--to', versionOf(cycles[1]!).version);
    writeFileSync(artifact, bytes);

    for (const { code, output } of [damaged, missing]) {
      expect(code).toBe(1);
      expect(output).toContain(versionOf(cycles[1]!).model.digest.slice('sha256:'.length, 20));
    }
    expect(champion()).toEqual(before);
    expect(ledger()).toHaveLength(count);
    expect(callers.failures.slice(failures)).toEqual([]);
  });

  test('the very first version is back from its artifact, untrained, without a lost request', async () => {
    const trainings = readFileSync(stack.trainingsFile, 'utf8');
    const [failures, first] = [callers.failures.length, versionOf(cycles[0]!)];
    const { code, output } = await rollback('--to', first.version.split('+')[0]!);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(JSON.parse(output.slice(output.indexOf('{')))).toMatchObject({
      by: 'rollback',
      from: versionOf(cycles[2]!).version,
      to: first.version,
    });
    expect(ledger().at(-1)!.body).toMatchObject({ kind: 'rolled-back', to: first, requestedBy: 'traffic' });
    const before = callers.answered.get(first.version) ?? 0;
    await until('it answers', () => (callers.answered.get(first.version) ?? 0) > before + 50, { everyMs: 20 });
    expect(callers.failures.slice(failures)).toEqual([]);
    expect((await registry().getAlias(MODEL, 'champion'))?.registryVersion).toBe(first.registryVersion);
    await until('the other servers are gone', () => servers().join() === `${MODEL}-${first.cycle}`, { everyMs: 50 });
    expect(readFileSync(stack.trainingsFile, 'utf8')).toBe(trainings);
    const verified = await stack.cli(['-o', 'json', 'audit', 'verify', MODEL]);
    expect(JSON.parse(verified.output)).toMatchObject([{ problems: [] }]);
  });

  test('a route that somebody edited by hand is told and set back', async () => {
    const asked = (await readRoute(stack.home))!.asked;
    await editRoutes();
    const notice = await reconciled(async () => sameSplit((await readRoute(stack.home))!.inForce ?? { splits: [], mirror: null }, asked));
    expect(notice).toMatchObject({
      severity: 'action',
      title: `${MODEL}: changed by hand`,
      text: expect.stringContaining('traffic: expected '),
    });
    const answers = callers.latencies.length;
    await until('callers are answered', () => callers.latencies.length > answers + 50, { everyMs: 20 });
  });

  test('an alias that somebody moved by hand is told and set back', async () => {
    const expected = champion().registryVersion;
    await registry().setAlias(MODEL, 'champion', versionOf(cycles[1]!).registryVersion);
    const notice = await reconciled(async () => (await registry().getAlias(MODEL, 'champion'))?.registryVersion === expected);
    expect(notice).toMatchObject({
      severity: 'action',
      text: expect.stringContaining(`alias champion of ${MODEL}: expected version ${expected}`),
    });
  });

  test('where the spec says so, the model is paused as well', async () => {
    await stack.apply([['serving: {', 'serving: { onHandEdit: pause,']]);
    expect(await isPaused()).toBe(false);
    await editRoutes();
    await reconciled(async () => {
      const { asked, inForce } = (await readRoute(stack.home))!;
      return (await isPaused()) && inForce !== null && sameSplit(inForce, asked);
    });
    expect((await stack.cli(['resume', MODEL, '--as', 'traffic'])).code).toBe(0);
    expect(await isPaused()).toBe(false);
  });

  test('paused serving refuses every caller, over the death of proxy and worker, until it is resumed', async () => {
    const ask = async (): Promise<number> =>
      fetch(stack.url(), { method: 'POST', body: '{}' }).then(
        ({ status }) => status,
        () => 0, // the proxy is being started again
      );
    expect(await stack.cli(['pause', MODEL, '--serving', '--as', 'traffic'])).toMatchObject({ code: 0 });
    const answered = callers.latencies.length;
    expect(await ask()).toBe(503);
    expect((await stack.cli(['status', MODEL])).output).toContain('paused by traffic, all requests are refused');
    for (const victim of ['the worker', 'Envoy'] as const) await strike(stack, victim, cycles[0]!);
    await until('the proxy is back', async () => (await ask()) === 503, { everyMs: 50 });
    await reconciled(async () => (await readRoute(stack.home))!.isHeld);
    expect(await ask()).toBe(503);
    expect(callers.latencies.length).toBeLessThanOrEqual(answered + 4); // one of each caller may have been under way
    expect(await stack.cli(['resume', MODEL, '--serving', '--as', 'traffic'])).toMatchObject({ code: 0 });
    await until('callers are answered', () => callers.latencies.length > answered + 50, { everyMs: 20 });
  });

  test('logs are tended by themselves where the model file says so: what is past its retention goes, and nothing else', async () => {
    const store = createLocalObjectStore(stack.home.storeFolder);
    const [recent] = await until(
      'a file of logged predictions',
      async () => {
        const keys = await store.list(`predictions/${MODEL}/`, { limit: 1 });
        return keys.length > 0 ? keys : null;
      },
      { everyMs: 100 },
    );
    const old = `predictions/${MODEL}/2013-01-01/00/old.parquet`;
    await store.createIfAbsent(old, (await store.get(recent!))!);
    await stack.apply([['  serving: {', '  retention: { tendLogs: daily }\n  serving: {']]);
    const schedule = (await stack.client()).schedule.getHandle(tendScheduleId);
    expect((await schedule.describe()).info.nextActionTimes[0]!.toISOString()).toMatch(/T03:17:00\.000Z$/);
    await schedule.trigger();
    await until('the old file is gone', async () => (await store.get(old)) === null, { everyMs: 100 });
    expect((await store.list(`predictions/${MODEL}/`, { limit: 1 })).length).toBe(1);
  });

  async function isPaused(): Promise<boolean> {
    return ledger().at(-1)!.after.paused;
  }

  /** All requests to servers that are long gone, as an editor saves it: a new file in place of the old one. */
  async function editRoutes(): Promise<void> {
    const file = join(stack.home.envoyFolder, 'routes.json');
    const gone = `${MODEL}-${cycles[2]}`;
    const text = readFileSync(file, 'utf8').replaceAll(`"name": "${MODEL}-${cycles[0]}"`, `"name": "${gone}"`);
    expect(text).toContain(`"name": "${gone}"`);
    writeFileSync(`${file}.edited`, text.replace(/"version_info": "[^"]*"/, '"version_info": "by hand"'));
    renameSync(`${file}.edited`, file);
    await until('it is in force', async () => (await readRoute(stack.home))?.inForce?.splits[0]?.instance === gone, { everyMs: 10 });
  }

  /** What the minute does, now. @returns the last notice */
  async function reconciled(isWell: () => Promise<boolean>): Promise<unknown> {
    const schedule = (await stack.client()).schedule.getHandle(reconcileScheduleId);
    await schedule.trigger();
    await until('it is as the ledger says', isWell, { everyMs: 20 });
    const notices = readFileSync(join(stack.home.path, 'notices.jsonl'), 'utf8').trimEnd().split('\n');
    return JSON.parse(notices.at(-1)!);
  }
});
