import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheFolder } from './cache-folder.mjs';
import { explainFailure, runCommand } from './command.mjs';
import { exclusively } from './exclusive.mjs';

const version = '1.8.0';

/** The path of the S3 server that the tests run against, or null where it has not been built. */
export function findVersitygw() {
  const binary = join(folder(), 'versitygw');
  return existsSync(binary) ? binary : null;
}

/**
 * Builds versitygw (a real S3 server, test only) from source by Go: about three minutes, once per machine.
 *
 * @returns {Promise<string | null>} null, with the reason logged, where there is no Go or the build fails
 */
export async function ensureVersitygw(log) {
  if (findVersitygw()) return findVersitygw();
  if ((await runCommand('go', ['version'])).code !== 0) {
    log('Go is not installed: the tests against a real S3 server will be skipped');
    return null;
  }
  return exclusively(
    `${folder()}.lock`,
    async () => findVersitygw() ?? (await build(log)),
    () => log('another set-up is building versitygw; waiting for it …'),
  );
}

async function build(log) {
  const startedMs = Date.now();
  log('building versitygw, the S3 server of the tests, by Go (about 3 minutes, once) …');
  const next = `${folder()}.next`;
  rmSync(next, { recursive: true, force: true });
  const target = `github.com/versity/versitygw/cmd/versitygw@v${version}`;
  const { code, output } = await runCommand('go', ['install', target], {
    cwd: cacheFolder(), // outside of any Go module
    env: { ...process.env, GOBIN: next, GOFLAGS: '' },
  });
  if (code !== 0) {
    log(`${explainFailure('building versitygw', output)}; the tests against a real S3 server will be skipped`);
    return null;
  }
  renameSync(next, folder());
  log(`built versitygw (${((Date.now() - startedMs) / 1000).toFixed(0)} s)`);
  return findVersitygw();
}

function folder() {
  return join(cacheFolder(), `versitygw-${version}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const binary = await ensureVersitygw((line) => console.log(line));
  process.exit(binary ? 0 : 1);
}
