import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePythonEnv } from '../scripts/python-env.mjs';

/** The JSON document that a script of bench/ writes to the file that it is given, in the environment of the steps. */
export async function jsonOfPython<T>(name: string): Promise<T> {
  const { python } = await ensurePythonEnv({ log: (line) => console.log(line) });
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-bench-'));
  try {
    const file = join(folder, 'found.json');
    const script = fileURLToPath(new URL(name, import.meta.url));
    // Its progress, and that of the steps, is no result.
    const child = spawn(python, [script, file], { stdio: ['ignore', process.stderr, process.stderr] });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`${script}: expected exit code 0, found ${code}; its words are above`);
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
