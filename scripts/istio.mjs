import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { singleProgram } from './build-with-go.mjs';
import { hashPaths, packageRoot } from './cache-folder.mjs';

const source = 'test/cluster/istio';

/** The control plane of Istio: what tells its proxies where requests go. */
export const { find: findIstio, ensure: ensureIstio } = singleProgram({
  name: `istio-${hashPaths(packageRoot, [source])}`,
  packages: ['istio.io/istio/pilot/cmd/pilot-discovery'],
  binaries: ['pilot-discovery'],
  what: 'the control plane of Istio of the tests',
  minutes: 8,
  without: 'the tests of routes through a real proxy of Istio will be skipped',
  module: join(packageRoot, source),
  flags: ['-mod=readonly', '-trimpath', '-ldflags=-s -w'],
  isStatic: true,
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const binary = await ensureIstio((line) => console.log(line));
  process.exit(binary ? 0 : 1);
}
