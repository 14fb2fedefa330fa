import { fileURLToPath } from 'node:url';
import { createLocalLabelReader } from '../../adapters/local/label-reader.js';
import { createLocalLogKeeper } from '../../adapters/local/log-keeper.js';
import type { StepProcessOptions } from '../../adapters/local/step-process.js';
import type { LabelReader } from '../../ports/label-reader.js';
import type { LogKeeper } from '../../ports/log-keeper.js';
import { ensurePythonEnv } from '../stack/python-env.js';

/** Where the store lies, and whom a command tells what takes time. */
interface StepPlace {
  readonly storeUri: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly tell: (line: string) => void;
}

/** Reads labels from a command: with the Python environment of this machine, which is made where it is missing. */
export async function openLabelReader(place: StepPlace): Promise<LabelReader> {
  return createLocalLabelReader(await stepsHere(place));
}

/** As the reader of labels. */
export async function openLogKeeper(place: StepPlace): Promise<LogKeeper> {
  return createLocalLogKeeper(await stepsHere(place));
}

async function stepsHere({ storeUri, environment, tell }: StepPlace): Promise<StepProcessOptions> {
  const { bin } = await ensurePythonEnv(tell);
  return { pythonBin: bin, stepsPath: fileURLToPath(new URL('../../../steps', import.meta.url)), storeUri, environment };
}
