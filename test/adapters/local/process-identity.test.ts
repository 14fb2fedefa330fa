import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { killAbandonedGroup } from '../../../src/adapters/local/process-group.js';
import { identify, isRunning, processStart } from '../../../src/adapters/local/process-identity.js';

test('knows a process again, and takes no other of the same number for it', () => {
  const self = identify(process.pid);
  expect(isRunning(self)).toBe(true);
  expect(identify(process.pid)).toEqual(self);
  expect(isRunning({ ...self, start: 'another boot/1' })).toBe(false);
  expect(isRunning({ ...self, pid: process.ppid })).toBe(false);
});

test('a process that ended does not run, and cannot be identified', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  const { pid } = child;
  await once(child, 'exit');
  expect(processStart(pid!)).toBeNull();
  expect(() => identify(pid!)).toThrow(`process ${pid}: expected a running one`);
});

test('an abandoned group is ended only where its leader is the one that was noted', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
  const leader = identify(child.pid!);
  expect(killAbandonedGroup({ ...leader, start: 'another boot/1' })).toBe(false);
  expect(isRunning(leader)).toBe(true);
  const exited = once(child, 'exit');
  expect(killAbandonedGroup(leader)).toBe(true);
  await exited;
  expect(killAbandonedGroup(leader)).toBe(false);
});
