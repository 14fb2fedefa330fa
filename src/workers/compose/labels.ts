import { fileURLToPath } from 'node:url';
import { createLocalLabelReader } from '../../adapters/local/label-reader.js';
import type { LabelReader } from '../../ports/label-reader.js';
import { ensurePythonEnv } from '../stack/python-env.js';

/** Reads labels from a command: with the Python environment of this machine, which is made where it is missing. */
export async function openLabelReader(
  storeUri: string,
  environment: NodeJS.ProcessEnv,
  tell: (line: string) => void,
): Promise<LabelReader> {
  const { bin } = await ensurePythonEnv(tell);
  const stepsPath = fileURLToPath(new URL('../../../steps', import.meta.url));
  return createLocalLabelReader({ pythonBin: bin, stepsPath, storeUri, environment });
}
