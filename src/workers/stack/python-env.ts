import type { PythonEnv } from '../../../scripts/python-env.mjs';

export type { PythonEnv };

/**
 * The Python environment of the steps and servers; made where it is missing, by the same code as the set-up.
 * @throws {Error} one sentence: no Python, no network, a full disk
 */
export async function ensurePythonEnv(tell: (line: string) => void): Promise<PythonEnv> {
  const script = await import('../../../scripts/python-env.mjs');
  return script.ensurePythonEnv({ log: tell });
}
