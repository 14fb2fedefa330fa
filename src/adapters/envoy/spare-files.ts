import { mkdir, open, readdir, rename, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Staging } from '../local/durable-file.js';
import { envoyFiles } from '../local/servers/envoy-files.js';

/** Giving all requests to one version writes six files: so many may be written before somebody makes room. */
const SPARES = 24;
const BYTES_MIN = 16 * 1024;

export interface SpareFiles {
  /** For what may wait until there is room. */
  readonly patient: Staging;
  /** For turning back: where the disk is full, its files take the place of spare ones. */
  readonly urgent: Staging;
  /** Puts back what was taken, where there is room for more than that; each of them holds twice the largest of the proxy's files. */
  fill(): Promise<void>;
}

/** Space that is kept on the disk of the proxy's folder, so that a full one does not keep a turn-back waiting. */
export function createSpareFiles(folder: string): SpareFiles {
  const spares = join(folder, 'spare');
  const staging = join(folder, 'staging');

  async function takeSpare(to: string, bytes: number): Promise<boolean> {
    for (const name of await readdir(spares).catch(() => [])) {
      if ((await sizeOf(join(spares, name))) < bytes) continue;
      try {
        await rename(join(spares, name), to);
        return true;
      } catch {
        // another process was faster
      }
    }
    return false;
  }

  return {
    patient: { folder: staging },
    urgent: { folder: staging, takeSpare },
    async fill() {
      const sizes = await Promise.all(Object.values(envoyFiles(folder)).map(sizeOf));
      const bytes = Math.max(BYTES_MIN, 2 * Math.max(...sizes));
      await mkdir(spares, { recursive: true });
      const { bavail, bsize } = await statfs(spares);
      if (bavail * bsize < 2 * SPARES * bytes) return;
      for (let at = 0; at < SPARES; at++) {
        const file = join(spares, `${at}`);
        const missing = bytes - (await sizeOf(file));
        if (missing <= 0) continue;
        const handle = await open(file, 'a', 0o644);
        try {
          await handle.writeFile(Buffer.alloc(missing, ' ')); // a file system may keep no blocks for zeros
        } finally {
          await handle.close();
        }
      }
    },
  };
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
