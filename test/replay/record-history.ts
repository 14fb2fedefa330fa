import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyJson, scrubbed } from '../workflows/histories.js';

const VERSION = 'v1';
const folder = fileURLToPath(new URL('./histories/', import.meta.url));

/**
 * Records what test/replay/replay.test.ts replays: `npx vitest run --config test/replay/record.config.ts`.
 *
 * Histories that are in the repository are never recorded again: cycles that wait today must go on with tomorrow's code.
 * A new kind of history gets a new name; a new version of the workflows a new prefix. One was made by a worker of before the
 * signal that it got, and cannot be made by today's: told-of-a-champion-too-early.
 */
export async function record(name: string, handle: { fetchHistory(): Promise<Parameters<typeof historyJson>[0]> }): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const file = `${VERSION}-${name}.json`;
  if (existsSync(`${folder}${file}`)) return;
  writeFileSync(`${folder}${file}`, `${JSON.stringify(scrubbed(historyJson(await handle.fetchHistory())))}\n`);
  console.log(`recorded: ${file}`);
}
