import { expect, test } from 'vitest';
import { createJobPoller } from '../../../src/adapters/sagemaker/job-poller.js';
import type { ListedJob } from '../../../src/adapters/sagemaker/sagemaker-jobs.js';
import type { SeenJob } from '../../../src/adapters/sagemaker/seen-job.js';

const signal = new AbortController().signal;
const polling = { everyMs: 5, describeEveryMs: 600_000, gapMs: 0 };

/** Jobs that change when a test says so. */
function createWorld(names: readonly string[]) {
  const jobs = new Map<string, SeenJob>(names.map((name) => [name, job(name)]));
  const calls = { list: 0, describe: 0 };
  let fault: Error | null = null;
  return {
    calls,
    change: (name: string, changes: Partial<SeenJob>) => void jobs.set(name, { ...jobs.get(name)!, modifiedMs: Date.now(), ...changes }),
    fail: (error: Error | null) => void (fault = error),
    async describe(name: string) {
      calls.describe += 1;
      if (fault) throw fault;
      return jobs.get(name) ?? null;
    },
    async *list(filter: { sinceMs: number } | { running: true }): AsyncIterable<ListedJob> {
      calls.list += 1;
      if (fault) throw fault;
      for (const found of jobs.values())
        if ('running' in filter ? found.status === 'InProgress' : found.modifiedMs > filter.sinceMs) yield found;
    },
  };
}

function job(sageMakerName: string): SeenJob {
  return {
    sageMakerName,
    status: 'InProgress',
    secondaryStatus: 'Training',
    statusMessage: null,
    failureReason: '',
    environment: {},
    startedAt: null,
    endedAt: null,
    modifiedMs: Date.now() - 3_600_000,
    billed: null,
  };
}

test('five thousand watched jobs that run are known by lists alone; one that ends costs one call more', async () => {
  const names = Array.from({ length: 5000 }, (_, k) => `job-${k}`);
  const world = createWorld(names);
  const poller = createJobPoller(world, polling);
  const followed = names.map((name) => poller.follow(name));
  await expect.poll(() => followed.every((each) => each.seen() !== null), { timeout: 20_000 }).toBe(true);
  const before = world.calls.describe;
  expect(before).toBeLessThan(50); // the first one was followed before the others
  world.change('job-4711', { status: 'Completed' });
  await expect.poll(() => followed[4711]!.seen()?.status, { timeout: 20_000 }).toBe('Completed');
  expect(world.calls.describe - before).toBeLessThan(10);
  for (const each of followed) each.leave();
});

test('three hundred that come one after another have no list read for each of them', async () => {
  const names = Array.from({ length: 300 }, (_, k) => `job-${k}`);
  const world = createWorld(names);
  const poller = createJobPoller(world, { ...polling, everyMs: 60_000 });
  const followed = [];
  for (const name of names) {
    followed.push(poller.follow(name));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(world.calls.list).toBe(1);
  for (const each of followed) each.leave();
});

test('of thousands none is described so often that the calls of a minute grow with them', () => {
  const names = Array.from({ length: 5000 }, (_, k) => `job-${k}`);
  const poller = createJobPoller(createWorld(names), polling);
  const followed = names.map((name) => poller.follow(name));
  expect(followed[0]!.slowness()).toBe(5);
  for (const each of followed.slice(500)) each.leave();
  expect(followed[0]!.slowness()).toBe(1);
  for (const each of followed.slice(0, 500)) each.leave();
});

test('a change wakes who waits for it', async () => {
  const world = createWorld(['a']);
  const followed = createJobPoller(world, polling).follow('a');
  await followed.change(signal, 60_000);
  expect(followed.seen()).toMatchObject({ status: 'InProgress' });
  world.change('a', { status: 'Failed' });
  while (followed.seen()?.status !== 'Failed') await followed.change(signal, 60_000);
  followed.leave();
});

test('a job that nobody knows is missing', async () => {
  const followed = createJobPoller(createWorld([]), polling).follow('a');
  await followed.change(signal, 60_000);
  expect(followed.isMissing()).toBe(true);
  followed.leave();
});

test('trouble is told with its beginning, asked less and less, and forgotten when it has passed', async () => {
  const world = createWorld(['a']);
  world.fail(new Error('ThrottlingException'));
  const followed = createJobPoller(world, polling).follow('a');
  await expect.poll(() => world.calls.list, { timeout: 20_000 }).toBeGreaterThan(3);
  const { sinceMs, error } = followed.trouble()!;
  expect(error).toMatchObject({ message: 'ThrottlingException' });
  expect(sinceMs).toBeLessThanOrEqual(Date.now());
  world.fail(null);
  await expect.poll(() => followed.seen(), { timeout: 20_000 }).not.toBeNull();
  await expect.poll(() => followed.trouble(), { timeout: 20_000 }).toBeNull();
  followed.leave();
});

test('asks nothing when nobody watches', async () => {
  const world = createWorld(['a']);
  const poller = createJobPoller(world, polling);
  const followed = poller.follow('a');
  await followed.change(signal, 60_000);
  followed.leave();
  const turns = () => new Promise((resolve) => setTimeout(resolve, 50));
  await turns();
  const before = { ...world.calls };
  await turns();
  expect(world.calls).toEqual(before);
  const again = poller.follow('a');
  await again.change(signal, 60_000);
  expect(again.seen()).not.toBeNull();
  again.leave();
});
