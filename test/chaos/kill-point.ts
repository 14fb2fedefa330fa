import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LedgerRecord } from '../../src/domain/ledger.js';
import { MODEL, type QuickStack } from './quick-stack.js';

/** Moments of a cycle that can be seen from outside, in order: what was just done, and not yet answered. */
export const KILL_POINTS = [
  'cycle-started',
  'snapshot claimed',
  'validate claimed',
  'train claimed',
  'train ended',
  'evaluate claimed',
  'judged',
  'version made',
  'people asked',
  'approved',
  'promoted',
  'cycle-ended',
] as const;
/** Those of a cycle that refits; after the last of them it registers. */
export const REFIT_KILL_POINTS = ['refit claimed', 'refit ended', 'agree claimed', 'agree ended'] as const;
export type KillPoint = (typeof KILL_POINTS | typeof REFIT_KILL_POINTS)[number];

export async function isReached(stack: QuickStack, point: KillPoint, cycle: number): Promise<boolean> {
  const { home } = stack;
  const [stage, moment] = point.split(' ');
  if (moment === 'claimed') return existsSync(join(home.jobsFolder, `${MODEL}-c${cycle}-${stage}-a1`, 'claim'));
  if (moment === 'ended') return existsSync(join(home.jobsFolder, `${MODEL}-c${cycle}-${stage}-a1`, 'exit.json'));
  if (point === 'version made') return (await registeredVersions(stack, cycle)).length > 0;
  if (point === 'people asked') return readIfThere(join(home.path, 'notices.jsonl')).includes(`"${MODEL}/${cycle}/approval"`);
  if (point === 'cycle-started') return records(home.storeFolder).some(({ seq }) => seq === cycle);
  return records(home.storeFolder, cycle).some(({ body }) => body.kind === point);
}

/** Numbers of the versions that MLflow has of what a cycle made; none where it does not answer. */
export async function registeredVersions({ endpoints }: QuickStack, cycle: number): Promise<string[]> {
  const filter = encodeURIComponent(`name = '${MODEL}' and tags.\`ratchet.cycle\` = '${cycle}'`);
  try {
    const answer = await fetch(`${endpoints().mlflow.url}/api/2.0/mlflow/model-versions/search?filter=${filter}`);
    const { model_versions: versions = [] } = (await answer.json()) as { model_versions?: { version: string }[] };
    return versions.map(({ version }) => version);
  } catch {
    return [];
  }
}

/** The records from `from` on, as they lie in the folder. */
export function records(storeFolder: string, from = 1): LedgerRecord[] {
  const folder = join(storeFolder, 'ledger', MODEL);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d{12}\.json$/.test(name) && Number(name.slice(0, 12)) >= from)
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as LedgerRecord);
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
