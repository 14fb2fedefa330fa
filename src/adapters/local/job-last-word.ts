import { existsSync, rmSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWhole, jobPaths } from './job-folder.js';
import type { JobEnding } from './job-folder.js';

/**
 * Writes the last word. On a full disk it gives up the log, whose end is in the last word, and the working folder, and then
 * waits for room, because the work is done and must not be done twice.
 */
export async function leaveLastWord(folder: string, ending: JobEnding): Promise<void> {
  const { log, work, exit } = jobPaths(folder);
  for (;;) {
    try {
      createWhole(folder, exit, ending);
      return;
    } catch (error) {
      if (!existsSync(folder)) return;
      if (existsSync(log) || existsSync(work)) {
        for (const path of [`${log}.1`, log, work]) rmSync(path, { recursive: true, force: true });
        continue;
      }
      complain(error);
      await sleep(1000);
    }
  }
}

/** Into supervisor.log. On a full disk not even that: a stream would end us with an error nobody catches. */
export function complain(error: unknown): void {
  try {
    writeSync(2, `${error instanceof Error ? error.message : String(error)}\n`);
  } catch {
    // the last word, once it can be written, says the rest
  }
}
