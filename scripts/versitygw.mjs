import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, findBuilt } from './build-with-go.mjs';

const version = '1.8.0';

const programs = {
  name: `versitygw-${version}`,
  packages: [`github.com/versity/versitygw/cmd/versitygw@v${version}`],
  binaries: ['versitygw'],
  what: 'versitygw, the S3 server of the tests,',
  minutes: 3,
  without: 'the tests against a real S3 server will be skipped',
};

/** The path of the S3 server that the tests run against, or null where it has not been built. */
export function findVersitygw() {
  return binaryIn(findBuilt(programs));
}

/**
 * Builds versitygw (a real S3 server, test only) from source.
 *
 * @returns {Promise<string | null>} null, with the reason logged, where there is no Go or the build fails
 */
export async function ensureVersitygw(log) {
  return binaryIn(await ensureBuilt(programs, log));
}

function binaryIn(folder) {
  return folder === null ? null : join(folder, 'versitygw');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const binary = await ensureVersitygw((line) => console.log(line));
  process.exit(binary ? 0 : 1);
}
