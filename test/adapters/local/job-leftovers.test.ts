import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createLocalLeftovers } from '../../../src/adapters/local/job-leftovers.js';

const homes: string[] = [];
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
});

function home(): string {
  const made = mkdtempSync(join(tmpdir(), 'ratchet-leftovers-'));
  homes.push(made);
  for (const name of ['m-c1-train-a1', 'm-c2-train-a1']) mkdirSync(join(made, 'jobs', name), { recursive: true });
  writeFileSync(join(made, 'jobs', 'm-c1-train-a1', 'exit.json'), '{}');
  mkdirSync(join(made, 'checkpoints', 'm', 'train-1', '7'), { recursive: true });
  return made;
}

test('a home without jobs has nothing', async () => {
  const leftovers = createLocalLeftovers(join(tmpdir(), 'ratchet-no-such-home', 'jobs'));
  expect([await leftovers.jobs(), await leftovers.checkpoints()]).toEqual([[], []]);
});

test('only jobs that ended are named and removed, with what an earlier call left half removed', async () => {
  const made = home();
  const leftovers = createLocalLeftovers(join(made, 'jobs'));
  mkdirSync(join(made, 'jobs', '.gone-0123'));
  expect(await leftovers.jobs()).toEqual(['m-c1-train-a1']);
  for (const name of ['m-c1-train-a1', 'm-c1-train-a1', 'm-c2-train-a1', 'm-c9-train-a1']) await leftovers.removeJob(name);
  expect(readdirSync(join(made, 'jobs'))).toEqual(['m-c2-train-a1']);
});

test('places of checkpoints are named and removed', async () => {
  const made = home();
  const leftovers = createLocalLeftovers(join(made, 'jobs'));
  expect(await leftovers.checkpoints()).toEqual(['m/train-1']);
  for (let times = 0; times < 2; times++) await leftovers.removeCheckpoints('m/train-1');
  expect(existsSync(join(made, 'checkpoints', 'm', 'train-1'))).toBe(false);
  await expect(leftovers.removeCheckpoints('../jobs')).rejects.toThrow();
});
