import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { singleProgram } from './build-with-go.mjs';
import { hashPaths, packageRoot } from './cache-folder.mjs';

const source = 'test/cluster/argo-rollouts';

/** The controller of Argo Rollouts. */
export const { find: findArgoRollouts, ensure: ensureArgoRollouts } = singleProgram({
  name: `argo-rollouts-${hashPaths(packageRoot, [source])}`,
  packages: ['github.com/argoproj/argo-rollouts/cmd/rollouts-controller'],
  binaries: ['rollouts-controller'],
  what: 'the controller of Argo Rollouts of the tests',
  minutes: 8,
  without: 'the tests of routes by Argo Rollouts will be skipped',
  module: join(packageRoot, source),
  flags: ['-mod=readonly', '-trimpath', '-ldflags=-s -w'],
  isStatic: true,
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const binary = await ensureArgoRollouts((line) => console.log(line));
  process.exit(binary ? 0 : 1);
}
