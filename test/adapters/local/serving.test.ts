import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { hostInstances } from '../../../src/adapters/local/serving/serving-host.js';
import { instanceFolder } from '../../../src/adapters/local/serving/instance-folder.js';
import { createLocalServing } from '../../../src/adapters/local/serving/serving.js';
import { describeServing, instanceOf, type ServingInTest } from '../../contracts/serving.js';
import { createMemoryStore } from '../../fakes/memory-store.js';
import { temporaryFolder } from '../../temporary-folder.js';

const standIn = fileURLToPath(new URL('../../servers/stand-in', import.meta.url));
const ending = new AbortController();
const hosts: Promise<void>[] = [];
const signal = new AbortController().signal;
afterAll(async () => {
  ending.abort();
  await Promise.all(hosts);
});

function host(servingFolder: string, until: AbortSignal, onMoved: () => void = () => undefined): void {
  const options = {
    servingFolder,
    predictionsFolder: join(servingFolder, '..', 'predictions'),
    python: 'python3',
    stepsPath: standIn,
    storeUri: 'memory:',
  };
  const signals = AbortSignal.any([until, ending.signal]);
  hosts.push(hostInstances({ ...options, environment: process.env, tell: () => undefined, onMoved, signal: signals }));
}

async function start(until = signal): Promise<ServingInTest & { servingFolder: string }> {
  const servingFolder = join(temporaryFolder(), 'serving');
  const store = createMemoryStore();
  host(servingFolder, until);
  return { serving: createLocalServing({ servingFolder, store }), store, place: {}, crash, servingFolder };

  async function crash(instance: string): Promise<void> {
    process.kill(instanceFolder(servingFolder, instance).state()!.replicas[0]!.process!.pid, 'SIGKILL');
  }
}

describeServing('a host on this machine', start);

test('servers outlive their host, and the next one finds them', async () => {
  const first = new AbortController();
  const { serving, store, servingFolder } = await start(first.signal);
  const spec = instanceOf(await store.put(Buffer.from('model')));
  const before = await serving.prepare(spec, signal);
  first.abort();
  await Promise.all(hosts.slice(-1));
  expect((await fetch(`http://${before.replicas[0]!.address}/v2/health/ready`)).status).toBe(200);
  host(servingFolder, signal);
  expect(await serving.prepare(spec, signal)).toEqual(before);
  await serving.retire(spec.name, 1);
});

test('where nobody runs model servers, that is said', async () => {
  const store = createMemoryStore();
  const serving = createLocalServing({ servingFolder: join(temporaryFolder(), 'serving'), store });
  const spec = instanceOf(await store.put(Buffer.from('model')), { readySecondsMax: 1 });
  await expect(serving.prepare(spec, signal)).rejects.toMatchObject({
    message: expect.stringContaining('is `ratchet up` running with serving?'),
  });
});

test('a port that another program took meanwhile is left to it, and who sends requests there is told', async () => {
  const { serving, servingFolder, spec, before, other } = await startWithoutItsPort();
  let moves = 0;
  host(servingFolder, signal, () => void moves++);
  await expect.poll(() => moves, { timeout: 20_000 }).toBe(1);
  expect((await serving.describe(spec.name))?.replicas[0]?.address).not.toBe(before.replicas[0]!.address);
  await serving.prepare(spec, signal);
  expect(await serving.ask(spec.name, [{ distance: 1 }], signal)).toEqual([[0.5]]);
  await serving.retire(spec.name, 1);
  await new Promise((resolve) => other.close(resolve));
});

test('a server that was killed comes back to its port, where that is free only a moment later', async () => {
  const { serving, servingFolder, spec, before, other } = await startWithoutItsPort();
  host(servingFolder, signal);
  await new Promise((resolve) => setImmediate(resolve)); // it has looked, and found the port taken
  await new Promise((resolve) => other.close(resolve));
  const after = await serving.prepare(spec, signal);
  expect(after.replicas).toEqual([{ ...before.replicas[0]!, restarts: 1 }]);
  await serving.retire(spec.name, 1);
});

/** An instance whose server and host are gone, and whose port another program has. */
async function startWithoutItsPort() {
  const first = new AbortController();
  const { serving, store, crash, servingFolder } = await start(first.signal);
  const spec = instanceOf(await store.put(Buffer.from('model')));
  const before = await serving.prepare(spec, signal);
  first.abort();
  await Promise.all(hosts.slice(-1));
  await crash(spec.name);
  const port = Number(before.replicas[0]!.address.split(':')[1]);
  const other = createServer();
  await expect
    .poll(
      () => new Promise<boolean>((resolve) => other.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))),
      { timeout: 60_000 },
    )
    .toBe(true);
  return { serving, servingFolder, spec, before, other };
}
