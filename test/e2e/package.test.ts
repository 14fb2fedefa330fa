import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeFolder } from '../temporary-folder.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

describe('the package, installed globally into a folder of its own', () => {
  let ratchet: (...args: string[]) => Promise<{ stdout: string }>;
  let installed: string;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ratchet-package-'));
    // What is tested is what was built: packing must not build again under the other tests.
    await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: root });
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
    const prefix = join(folder, 'prefix');
    await run('npm', ['install', '--global', '--prefix', prefix, '--prefer-offline', '--no-audit', '--no-fund', join(folder, archive)], {
      cwd: folder,
    });
    installed = join(prefix, 'lib', 'node_modules', 'ratchet');
    ratchet = (...args) => run(join(prefix, 'bin', 'ratchet'), args, { cwd: folder });
  }, 300_000);
  afterAll(() => removeFolder(folder));

  test('says its version, checks the example that comes with it and prints the schema', async () => {
    expect((await ratchet('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await ratchet('lint', '-f', join(installed, 'examples', 'flight-lateness', 'model.yaml'))).stdout).toContain('is well-formed');
    expect(JSON.parse((await ratchet('schema')).stdout)).toMatchObject({ type: 'object' });
  });

  test('runs the stack', async () => {
    const home = join(folder, 'home');
    try {
      await ratchet('--home', home, 'up', '--detach');
      expect(JSON.parse((await ratchet('--home', home, 'status', '-o', 'json')).stdout)).toMatchObject({ running: true });
    } finally {
      await ratchet('--home', home, 'down');
    }
  });
});

test('in a clone, npx finds the command', async () => {
  const { stdout } = await run('npx', ['ratchet', '--version'], { cwd: root });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
