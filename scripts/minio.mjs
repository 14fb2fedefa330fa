import { pathToFileURL } from 'node:url';
import { singleProgram } from './build-with-go.mjs';

/** The last commit before its makers gave the repository up; releases are no versions of Go modules. */
const version = 'v0.0.0-20260212201848-7aac2a2c5b7c';

/**
 * A second real S3 server, which the tests of S3 run on too, encryption with a key of its own KMS included.
 *
 * Measured with two cores: 6.2 minutes of processor; 16 minutes where two other builds ran beside it. No tag leaves out
 * its console, which is only switched off.
 */
export const { find: findMinio, ensure: ensureMinio } = singleProgram({
  name: `minio-${version}`,
  packages: [`github.com/minio/minio@${version}`],
  binaries: ['minio'],
  what: 'MinIO, an S3 server of the tests,',
  minutes: 5,
  without: 'the tests of S3 on MinIO will be skipped',
  flags: ['-trimpath', '-ldflags=-s -w'],
  isStatic: true,
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const binary = await ensureMinio((line) => console.log(line));
  process.exit(binary ? 0 : 1);
}
