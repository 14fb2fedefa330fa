import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, packageRoot, shortHash } from './cache-folder.mjs';
import { runInstall } from './command.mjs';
import { exclusively } from './exclusive.mjs';

/** Brings node_modules to what package-lock.json says. Compares with npm's own record of what it installed. */
export async function ensureNodePackages(log) {
  if (upToDate()) return;
  await exclusively(
    join(cacheFolder(), `npm-${shortHash(packageRoot)}.lock`),
    async () => {
      if (upToDate()) return;
      const startedMs = Date.now();
      log('installing the Node packages …');
      const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
      await runInstall('installing the Node packages (npm ci)', 'npm', args, { cwd: packageRoot });
      log(`installed the Node packages (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
    },
    () => log('another set-up is installing the Node packages; waiting for it …'),
  );
}

function upToDate() {
  const record = join(packageRoot, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted).every(
    // '' is this package itself; optional ones are those of other platforms
    ([path, entry]) => path === '' || entry.optional || installed[path]?.integrity === entry.integrity,
  );
}
