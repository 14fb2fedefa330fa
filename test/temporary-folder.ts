import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';

/** A folder of its own, gone after the test that asked for it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-test-'));
  onTestFinished(() => removeFolder(folder));
  return folder;
}

/** A process that ends just now may still write its last words there: Node's own retries do not look for new files. */
export async function removeFolder(folder: string): Promise<void> {
  await vi.waitFor(() => rmSync(folder, { recursive: true, force: true }), { timeout: 10_000 });
}
