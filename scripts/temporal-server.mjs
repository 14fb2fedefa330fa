import { pathToFileURL } from 'node:url';
import { ensureBuilt, findBuilt } from './build-with-go.mjs';

const version = '1.32.0';

// The server as a team runs it (four services over SQL) and the tool that makes its databases; the version is the one that
// the embedded CLI carries, so that both stacks are the same server.
const programs = {
  name: `temporal-server-${version}`,
  packages: [`go.temporal.io/server/cmd/server@v${version}`, `go.temporal.io/server/cmd/tools/sql@v${version}`],
  binaries: ['server', 'sql'],
  what: 'the Temporal server of the wiring test',
  minutes: 8,
  without: 'the wiring test (a Temporal server on Postgres) will be skipped',
};

/** The folder with `server` and `sql`, or null where they have not been built. */
export function findTemporalServer() {
  return findBuilt(programs);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = await ensureBuilt(programs, (line) => console.log(line));
  process.exit(folder ? 0 : 1);
}
