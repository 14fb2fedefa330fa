import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { singleProgram } from './build-with-go.mjs';
import { hashPaths, packageRoot } from './cache-folder.mjs';

const source = 'test/wiring/compose-reader';

/** Reads compose files as `docker compose config` does, with its own code, and needs no Docker. */
export const { find: findComposeReader, ensure: ensureComposeReader } = singleProgram({
  name: `compose-reader-${hashPaths(packageRoot, [source])}`,
  packages: ['.'],
  binaries: ['compose-reader'],
  what: 'the reader of compose files',
  minutes: 1,
  without: 'docker-compose.yml is not read as `docker compose config` does',
  module: join(packageRoot, source),
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const binary = await ensureComposeReader((line) => console.log(line));
  process.exit(binary ? 0 : 1);
}
