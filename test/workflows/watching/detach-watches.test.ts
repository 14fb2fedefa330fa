import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { RatchetError } from '../../../src/domain/failure.js';
import { startTestTemporal } from '../../servers/temporal.js';
import { removeFolder } from '../../temporary-folder.js';
import { beQuiet } from '../loop.js';
import { until } from '../../chaos/until.js';
import { startWatcher, watchOneBundle } from './watches-in-test.js';

let server: Awaited<ReturnType<typeof startTestTemporal>>;
let client: Client;
let bundle: { code: string };
let home: string;
let queues = 0;

beforeAll(async () => {
  beQuiet();
  home = mkdtempSync(join(tmpdir(), 'ratchet-test-'));
  bundle = await watchOneBundle();
  server = await startTestTemporal(inject('temporalCli'), home);
  client = new Client({ connection: await Connection.connect({ address: server.address }) });
});

afterAll(async () => {
  await client?.connection.close();
  await server?.stop();
  await removeFolder(home);
});

/** A task queue of its own, and what starts workers and watches there. */
function newQueue({ heartbeatSeconds = 60, waitsForEnd = false } = {}) {
  const taskQueue = `watches-${++queues}`;
  return {
    async watcher({ slots = 1, countMax = 100 } = {}) {
      const watcher = await startWatcher(server.address, bundle, { taskQueue, slots, countMax });
      onTestFinished(() => watcher.stop());
      return watcher;
    },
    begin: (name: string) =>
      client.workflow.start('watchOne', {
        workflowId: `${taskQueue}-${name}`,
        taskQueue,
        args: [name, { heartbeatSeconds, waitsForEnd }],
      }),
  };
}

type Watcher = Awaited<ReturnType<typeof startWatcher>>;

const begun = (watcher: Watcher, name: string) => until(`watch ${name} begins`, () => watcher.last(name));

const tryOf = (watcher: Watcher, name: string, number: number) =>
  until(`try ${number} of ${name}`, () => watcher.tries.get(name)?.[number - 1]);

const pending = async (handle: WorkflowHandle) => (await handle.describe()).raw.pendingActivities?.[0];

const saidOf = async (handle: WorkflowHandle) => Number((await pending(handle))?.heartbeatDetails?.payloads?.[0]?.data?.toString() ?? 0);

/** When it has left the worker's one slot, the next one begins. */
async function detached(queue: ReturnType<typeof newQueue>, watcher: Watcher, name: string) {
  const handle = await queue.begin(name);
  await begun(watcher, name);
  const next = await queue.begin(`${name}-next`);
  (await begun(watcher, `${name}-next`)).end();
  await next.result();
  return handle;
}

test('one slot is enough for many watches; each is heard of, and answered when it ends', async () => {
  const queue = newQueue({ heartbeatSeconds: 30 });
  const watcher = await queue.watcher();
  const names = ['a', 'b', 'c', 'd'];
  const handles = await Promise.all(names.map((name) => queue.begin(name)));
  for (const name of names) await begun(watcher, name);
  await until('all have left the slot', () => watcher.detachedMax() === names.length);
  const { said } = watcher.last('a')!;
  await until('what is said without a slot is heard', async () => (await saidOf(handles[0]!)) > said);
  watcher.last('b')!.end();
  await handles[1]!.result();
  watcher.last('c')!.end(new RatchetError('JobTimedOut', 'it took too long', { remedy: 'give it more time', detail: 'last line' }));
  const failed = (await handles[2]!.result().catch((error: unknown) => error)) as WorkflowFailedError;
  expect(failed.cause?.cause).toMatchObject({
    type: 'JobTimedOut',
    message: 'it took too long',
    nonRetryable: true,
    details: [{ type: 'JobTimedOut', remedy: 'give it more time' }, 'last line'],
  });
  expect(watcher.failures).toEqual(['watch 1: it took too long']);
  watcher.last('a')!.end();
  watcher.last('d')!.end();
  await Promise.all([handles[0]!.result(), handles[3]!.result()]);
  expect(names.map((name) => watcher.tries.get(name)!.length)).toEqual([1, 1, 1, 1]);
});

test('what passes is tried again, and the next try knows what this one said last', async () => {
  const queue = newQueue();
  const watcher = await queue.watcher();
  const handle = await detached(queue, watcher, 'one');
  const first = watcher.last('one')!;
  first.end(new RatchetError('ClusterUnavailable', 'no answer'));
  const second = await tryOf(watcher, 'one', 2);
  expect(second.heardOf).toBe(first.said);
  second.end(new RatchetError('ClusterUnavailable', 'no answer, in its slot'));
  (await tryOf(watcher, 'one', 3)).end();
  await handle.result();
  expect(watcher.failures).toContain('watch 1: no answer');
});

test.for([
  ['cancelled', (handle: WorkflowHandle) => handle.cancel()],
  ['terminated', (handle: WorkflowHandle) => handle.terminate('a test')],
] as const)('the watch of a workflow that is %s ends', async ([, end]) => {
  const queue = newQueue({ heartbeatSeconds: 2 });
  const watcher = await queue.watcher();
  const handle = await detached(queue, watcher, 'one');
  const { signal } = watcher.last('one')!;
  await end(handle);
  await until('its end', () => signal.aborted);
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  expect(watcher.failures).toEqual([]);
});

test('a workflow that waits for the end of its cancelled watch hears of it', async () => {
  const queue = newQueue({ heartbeatSeconds: 30, waitsForEnd: true });
  const watcher = await queue.watcher();
  const handle = await detached(queue, watcher, 'one');
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  expect(await handle.describe()).toMatchObject({ status: { name: 'CANCELLED' } });
  expect(watcher.last('one')!.signal.aborted).toBe(true);
  expect(watcher.tries.get('one')).toHaveLength(1);
  expect(watcher.failures).toEqual([]);
});

test('a watch that is given back after its workflow was cancelled is cancelled, not failed', async () => {
  const queue = newQueue({ heartbeatSeconds: 30, waitsForEnd: true });
  const watcher = await queue.watcher();
  const handle = await detached(queue, watcher, 'one');
  const { said } = watcher.last('one')!;
  await until('it is heard without a slot', async () => (await saidOf(handle)) >= said); // the next heartbeat is fifteen seconds away
  await handle.cancel();
  await until(
    'the server knows',
    async () => (await pending(handle))?.state === temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED,
  );
  await watcher.stop();
  const other = await queue.watcher();
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  expect(await handle.describe()).toMatchObject({ status: { name: 'CANCELLED' } });
  expect(other.last('one')).toBeUndefined();
});

test('a watch that somebody pauses ends, and goes on when it may', async () => {
  const queue = newQueue({ heartbeatSeconds: 4 });
  const watcher = await queue.watcher();
  const handle = await detached(queue, watcher, 'one');
  const activity = { namespace: 'default', execution: { workflowId: handle.workflowId }, type: 'watch' };
  await client.workflowService.pauseActivity(activity);
  await until('its end', () => watcher.last('one')!.signal.aborted);
  const tries = watcher.tries.get('one')!.length; // on a machine that stands still Temporal may have begun another by itself
  await client.workflowService.unpauseActivity(activity);
  (await tryOf(watcher, 'one', tries + 1)).end();
  await handle.result();
  expect(watcher.failures).toEqual([]);
});

test('a worker that ends gives its watches back: another goes on long before they time out, with what was said last', async () => {
  const queue = newQueue();
  const first = await queue.watcher();
  const handle = await detached(queue, first, 'one');
  const second = await queue.watcher();
  const startedMs = performance.now();
  await first.stop();
  const { said, signal } = first.last('one')!;
  expect(signal.aborted).toBe(true);
  const { heardOf, end } = await begun(second, 'one');
  expect(performance.now() - startedMs).toBeLessThan(30_000);
  expect(heardOf).toBe(said);
  end();
  await handle.result();
  expect(first.failures).toEqual([]);
});

test('a watch that finds no room keeps its slot until there is some; meanwhile others wait for another worker', async () => {
  const queue = newQueue();
  const full = await queue.watcher({ countMax: 1 });
  await queue.begin('a');
  await begun(full, 'a');
  await queue.begin('b');
  await begun(full, 'b');
  const handle = await queue.begin('c');
  await until('it has said more than a watch with room says from its slot', () => full.last('b')!.said > 30);
  expect(full.last('c')).toBeUndefined();
  const other = await queue.watcher();
  (await begun(other, 'c')).end();
  await handle.result();
  await other.stop();
  await queue.begin('d');
  full.last('a')!.end();
  await begun(full, 'd');
  expect(full.detachedMax()).toBe(1);
  expect(full.tries.get('b')).toHaveLength(1);
});

test('a job that ends while Temporal is away is told when it is there again', async () => {
  const queue = newQueue();
  const watcher = await queue.watcher();
  const handle = await detached(queue, watcher, 'one');
  await server.stop();
  watcher.last('one')!.end();
  await until('it is noticed that nobody hears', () => watcher.unheard.length > 0);
  server = await startTestTemporal(inject('temporalCli'), home, { port: server.port });
  await until('the end is heard', async () => (await handle.describe().catch(() => null))?.status.name === 'COMPLETED');
  expect(watcher.tries.get('one')).toHaveLength(1);
  expect(watcher.unheard).toEqual([handle.workflowId]);
});

test('a watch that Temporal heard nothing of for too long is left to the next try', async () => {
  const queue = newQueue({ heartbeatSeconds: 2 });
  const watcher = await queue.watcher();
  const handle = await detached(queue, watcher, 'one');
  const first = watcher.last('one')!;
  await server.stop();
  await until('it is left', () => first.signal.aborted);
  server = await startTestTemporal(inject('temporalCli'), home, { port: server.port });
  (await tryOf(watcher, 'one', 2)).end();
  await until('the end is heard', async () => (await handle.describe().catch(() => null))?.status.name === 'COMPLETED');
  expect(watcher.failures).toEqual([]);
});
