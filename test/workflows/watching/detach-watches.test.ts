import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { RatchetError } from '../../../src/domain/failure.js';
import { startTestTemporal } from '../../servers/temporal.js';
import { removeFolder } from '../../temporary-folder.js';
import { beQuiet } from '../loop.js';
import { eventually } from '../model-in-test.js';
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
function newQueue() {
  const taskQueue = `watches-${++queues}`;
  return {
    async watcher({ slots = 1, countMax = 100 } = {}) {
      const watcher = await startWatcher(server.address, bundle, { taskQueue, slots, countMax });
      onTestFinished(() => watcher.stop());
      return watcher;
    },
    begin: (name: string) => client.workflow.start('watchOne', { workflowId: `${taskQueue}-${name}`, taskQueue, args: [name] }),
  };
}

type Watcher = Awaited<ReturnType<typeof startWatcher>>;

const begun = (watcher: Watcher, name: string) =>
  eventually(
    () => Promise.resolve(watcher.last(name)!),
    (seen) => seen !== undefined,
  );

const pending = async (handle: WorkflowHandle) => (await handle.describe()).raw.pendingActivities?.[0];

/** When it has left its slot, the next one of the same worker begins. */
async function detached(queue: ReturnType<typeof newQueue>, watcher: Watcher, name: string) {
  const handle = await queue.begin(name);
  await begun(watcher, name);
  const next = await queue.begin(`${name}-next`);
  (await begun(watcher, `${name}-next`)).end();
  await next.result();
  return handle;
}

test('one slot is enough for many watches; each is answered when it ends', async () => {
  const queue = newQueue();
  const watcher = await queue.watcher();
  const names = ['a', 'b', 'c', 'd'];
  const handles = await Promise.all(names.map((name) => queue.begin(name)));
  for (const name of names) await begun(watcher, name);
  await eventually(
    async () => (await pending(handles[0]!))?.heartbeatDetails?.payloads?.[0]?.data?.toString(),
    (said) => said?.includes('goes on') ?? false,
  );
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
  expect(watcher.failures).toEqual(['watch: it took too long']);
  watcher.last('a')!.end();
  watcher.last('d')!.end();
  await Promise.all([handles[0]!.result(), handles[3]!.result()]);
  expect(names.map((name) => watcher.tries.get(name)!.length)).toEqual([1, 1, 1, 1]);
});

test('what passes is tried again, in a slot and without one', async () => {
  const queue = newQueue();
  const watcher = await queue.watcher();
  const early = await queue.begin('early');
  (await begun(watcher, 'early')).end(new RatchetError('ClusterUnavailable', 'no answer'));
  await eventually(
    () => Promise.resolve(watcher.tries.get('early')!.length),
    (tries) => tries === 2,
  );
  watcher.last('early')!.end();
  await early.result();
  const late = await detached(queue, watcher, 'late');
  watcher.last('late')!.end(new RatchetError('ClusterUnavailable', 'no answer'));
  await eventually(
    () => Promise.resolve(watcher.tries.get('late')!.length),
    (tries) => tries === 2,
  );
  watcher.last('late')!.end();
  await late.result();
  expect(watcher.failures).toEqual(['watch: no answer']);
});

test.for(['cancel', 'terminate'] as const)('after a workflow is told to %s, its watch ends', async (how) => {
  const queue = newQueue();
  const watcher = await queue.watcher();
  const handle = await detached(queue, watcher, 'one');
  const { signal } = watcher.last('one')!;
  await (how === 'cancel' ? handle.cancel() : handle.terminate('a test'));
  await eventually(
    () => Promise.resolve(signal.aborted),
    (aborted) => aborted,
    10,
  );
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  expect(watcher.failures).toEqual([]);
});

test('a worker that ends gives its watches back: another goes on at once, with what was said last', async () => {
  const queue = newQueue();
  const first = await queue.watcher();
  const handle = await detached(queue, first, 'one');
  await eventually(
    async () => (await pending(handle))?.heartbeatDetails?.payloads?.length ?? 0,
    (said) => said > 0,
  );
  const second = await queue.watcher();
  await first.stop();
  expect(first.last('one')!.signal.aborted).toBe(true);
  const { heardOf, end } = await begun(second, 'one');
  expect(heardOf).toBe('one goes on');
  end();
  await handle.result();
  expect(first.failures).toEqual([]);
});

test('a watch that finds no room keeps its slot, and so the next one waits for another worker', async () => {
  const queue = newQueue();
  const full = await queue.watcher({ countMax: 1 });
  const handles = [await queue.begin('a'), await queue.begin('b'), await queue.begin('c')];
  const running = await eventually(
    () => Promise.resolve([...full.tries.keys()]),
    (names) => names.length === 2,
  );
  const waits = ['a', 'b', 'c'].find((name) => !running.includes(name))!;
  const other = await queue.watcher();
  (await begun(other, waits)).end();
  for (const name of running) full.last(name)!.end();
  await Promise.all(handles.map((handle) => handle.result()));
  expect(running.map((name) => full.tries.get(name)!.length)).toEqual([1, 1]);
});

test('a job that ends while Temporal is away is told when it is there again', async () => {
  const queue = newQueue();
  const watcher = await queue.watcher();
  const handle = await detached(queue, watcher, 'one');
  await server.stop();
  watcher.last('one')!.end();
  server = await startTestTemporal(inject('temporalCli'), home, { port: server.port });
  // Where that took longer than a watch may be silent, it has been begun again meanwhile.
  await eventually(
    async () => (await handle.describe()).status.name,
    (status) => {
      const again = watcher.tries.get('one')!;
      if (again.length > 1) again.at(-1)!.end();
      return status === 'COMPLETED';
    },
  );
});
