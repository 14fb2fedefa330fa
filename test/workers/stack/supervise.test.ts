import { expect, onTestFinished, test, vi } from 'vitest';
import type { RunningService } from '../../../src/workers/stack/supervise.js';
import { supervise } from '../../../src/workers/stack/supervise.js';

/** A service whose processes die when they are told to. */
function mortalService(failsToStart: (start: number) => boolean = () => false) {
  const kills: (() => void)[] = [];
  const stopped: number[] = [];
  let starts = 0;
  const start = (): Promise<RunningService> => {
    const pid = ++starts;
    if (failsToStart(pid)) return Promise.reject(new Error('the port is taken'));
    let end: (how: string) => void = () => undefined;
    const exited = new Promise<string>((resolve) => (end = resolve));
    kills.push(() => end('killed by SIGKILL'));
    const stop = (): Promise<void> => {
      stopped.push(pid);
      end('exit code 0');
      return Promise.resolve();
    };
    return Promise.resolve({ pid, exited, stop });
  };
  return { service: { name: 'the server', start }, kill: () => kills.at(-1)!(), stopped, starts: () => starts };
}

/** Collects what is told; each line can be waited for. */
function listener() {
  const lines: string[] = [];
  const waiting: { test: RegExp; resolve: () => void }[] = [];
  return {
    lines,
    tell(line: string) {
      lines.push(line);
      for (const { test: wanted, resolve } of waiting) if (wanted.test(line)) resolve();
    },
    heard: (wanted: RegExp) => new Promise<void>((resolve) => waiting.push({ test: wanted, resolve })),
  };
}

test('what dies is started again, and that is told', async () => {
  const { service, kill, starts } = mortalService();
  const { tell, heard, lines } = listener();
  let changes = 0;
  const supervised = await supervise(service, { tell, onChange: () => changes++, firstDelayMs: 1 });
  const again = heard(/runs again \(process 2\)/);
  kill();
  await again;
  expect(supervised.pid()).toBe(2);
  expect(changes).toBe(1);
  expect(lines[0]).toBe('the server ended (killed by SIGKILL); starting it again');
  await supervised.stop();
  expect(starts()).toBe(2);
});

test('a start that fails is told and tried again', async () => {
  const { service, kill } = mortalService((start) => start === 2);
  const { tell, heard, lines } = listener();
  const supervised = await supervise(service, { tell, onChange: () => undefined, firstDelayMs: 1 });
  const again = heard(/runs again \(process 3\)/);
  kill();
  await again;
  expect(lines.some((line) => line.includes('does not start: the port is taken'))).toBe(true);
  await supervised.stop();
});

test('a clock that jumps while it runs does not make a short life a sound one', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const { service, kill } = mortalService();
  const { tell, heard, lines } = listener();
  const supervised = await supervise(service, { tell, onChange: () => undefined, firstDelayMs: 1 });
  for (const process of [2, 3]) {
    const again = heard(new RegExp(`runs again \\(process ${process}\\)`));
    await new Promise(setImmediate); // it has begun to wait for the end
    vi.setSystemTime(Date.now() + 400 * 86_400_000);
    kill();
    await again;
  }
  expect(lines.filter((line) => line.includes('starting it again'))).toEqual([
    'the server ended (killed by SIGKILL); starting it again',
    'the server ended (killed by SIGKILL); starting it again in 0.001 s',
  ]);
  await supervised.stop();
});

test('the very first start throws: whoever asked for it is told at once', async () => {
  const { service } = mortalService(() => true);
  await expect(supervise(service, { tell: () => undefined, onChange: () => undefined })).rejects.toThrow('the port is taken');
});

test('what is stopped stays stopped', async () => {
  const { service, stopped, starts } = mortalService();
  const supervised = await supervise(service, { tell: () => undefined, onChange: () => undefined, firstDelayMs: 1 });
  await supervised.stop();
  expect(stopped).toEqual([1]);
  expect(starts()).toBe(1);
});
