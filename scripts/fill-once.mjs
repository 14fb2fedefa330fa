import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Fills a folder that is there only when it is complete: `dir` becomes a link to the attempt that was finished. An
 * environment cannot be renamed (its commands name their interpreter by its path), and what a killed set-up has left
 * running writes to its own attempt alone. To be called where nobody else fills the same folder (exclusively).
 *
 * @param {string} dir
 * @param {(attempt: string) => Promise<void>} fill
 */
export async function fillOnce(dir, fill) {
  const attempts = `${basename(dir)}.`;
  for (const name of readdirSync(dirname(dir)).filter((entry) => entry.startsWith(attempts) && !entry.includes('.lock'))) {
    rmSync(join(dirname(dir), name), { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
  const attempt = mkdtempSync(`${dir}.`);
  await fill(attempt);
  rmSync(dir, { force: true }); // a link that leads nowhere: somebody has cleared the cache, but for it
  symlinkSync(basename(attempt), dir);
}
