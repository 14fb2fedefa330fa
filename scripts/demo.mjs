import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from './cache-folder.mjs';
import { setUp } from './setup.mjs';
import { runScript } from './run-script.mjs';
import { SetupError } from './setup-error.mjs';

/** `npm run demo -- [options]`: the set-up, then `ratchet demo [options]` in this very process, so that Ctrl-C reaches it. */
await runScript(async () => {
  await setUp();
  const cli = join(packageRoot, 'dist', 'cli', 'main.js');
  if (!existsSync(cli)) throw new SetupError('src/cli/main.ts does not exist: there is no demo to run');
  process.argv = [process.argv[0], cli, 'demo', ...process.argv.slice(2)];
  await import(pathToFileURL(cli).href);
});
