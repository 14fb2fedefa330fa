import { pathToFileURL } from 'node:url';
import { singleProgram } from './build-with-go.mjs';

const version = '1.8.0';

/** A real S3 server, which the tests run against. */
export const { find: findVersitygw, ensure: ensureVersitygw } = singleProgram({
  name: `versitygw-${version}`,
  packages: [`github.com/versity/versitygw/cmd/versitygw@v${version}`],
  binaries: ['versitygw'],
  what: 'versitygw, the S3 server of the tests,',
  minutes: 3,
  without: 'the tests against a real S3 server will be skipped',
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const binary = await ensureVersitygw((line) => console.log(line));
  process.exit(binary ? 0 : 1);
}
