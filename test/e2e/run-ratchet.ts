import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface RatchetRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the built `ratchet` as a user does, without a terminal. */
export function runRatchet(home: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<RatchetRun> {
  const child = spawn(process.execPath, [cli, '--home', home, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, out, err }));
  });
}
