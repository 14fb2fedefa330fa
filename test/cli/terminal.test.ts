import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

/** A process whose reader goes away before it says something. @returns its exit code and what it told people */
async function unread(tidiesUp: boolean): Promise<{ code: number; err: string }> {
  const script = `
    import('./src/cli/terminal.ts').then(async ({ processTerminal }) => {
      const terminal = processTerminal();
      terminal.interrupted.addEventListener('abort', () => terminal.err('tidied up'));
      if (${tidiesUp}) terminal.interruptWhenUnread();
      process.stdin.resume().once('end', () => { for (let line = 0; line < 3; line++) terminal.out('a line'); });
    });`;
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', script], { stdio: ['pipe', 'pipe', 'pipe'] });
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdout.destroy();
  child.stdin.end();
  const [code] = (await once(child, 'close')) as [number];
  return { code, err };
}

test('a command whose reader went away ends at once, and one that has something to tidy up is interrupted', async () => {
  expect(await Promise.all([unread(false), unread(true)])).toEqual([
    { code: 0, err: '' },
    { code: 0, err: 'tidied up\n' },
  ]);
});

/** What a process takes its output for, where it is a screen. */
async function screenWith(environment: NodeJS.ProcessEnv): Promise<unknown> {
  const script = `
    Object.assign(process.stdout, { isTTY: true, columns: 0 });
    import('./src/cli/terminal.ts').then(({ processTerminal }) => {
      const { isScreen, hasColours, columns } = processTerminal();
      process.stdout.write(JSON.stringify({ isScreen, hasColours, columns }));
    });`;
  const env = { ...process.env, TERM: 'xterm', NO_COLOR: '', ...environment };
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'], env });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await once(child, 'close');
  return JSON.parse(out);
}

test('a screen has colours unless NO_COLOR is set, and a width where it says none', async () => {
  expect(await Promise.all([screenWith({}), screenWith({ NO_COLOR: '1' })])).toEqual([
    { isScreen: true, hasColours: true, columns: 100 },
    { isScreen: true, hasColours: false, columns: 100 },
  ]);
});
