import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Home } from '../config/home.js';
import { homeAt } from '../config/home.js';
import { mayBeAlive, readHolder, thisHolder } from '../workers/stack/home-lock.js';
import { stopStack } from './commands/down.js';

const prefix = 'ratchet-dry-';
const ownerFile = 'dry-run.json';

/** A home of its own for one dry run, which says whose it is: one that is killed cannot clear up after itself. */
export function makeDryRunHome(): Home {
  const home = homeAt(mkdtempSync(join(tmpdir(), prefix)));
  writeFileSync(join(home.path, ownerFile), JSON.stringify(thisHolder()), { mode: 0o600 });
  return home;
}

/** Stops the stack and leaves nothing of it. @throws {CommandError} it does not end */
export async function removeDryRunHome(home: Home, tell: (line: string) => void): Promise<void> {
  await stopStack(home, tell);
  rmSync(home.path, { recursive: true, force: true, maxRetries: 5 });
}

/** Clears up after dry runs that were killed. What cannot be cleared up is told, and keeps no other from beginning. */
export async function removeAbandonedDryRuns(tell: (line: string) => void): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const home = homeAt(join(tmpdir(), name));
    const owner = readHolder(join(home.path, ownerFile));
    if (owner === null || mayBeAlive(owner)) continue; // null: somebody else's, or it begins just now
    try {
      await removeDryRunHome(home, tell);
      tell(`removed ${home.path}, left by a dry run that was killed`);
    } catch (error) {
      tell(`cannot remove ${home.path}, left by a dry run that was killed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
