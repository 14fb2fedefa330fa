import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, findBuilt } from './build-with-go.mjs';
import { hashPaths, packageRoot } from './cache-folder.mjs';

const source = 'test/cluster/argo-rollouts';

const controller = {
  name: `argo-rollouts-${hashPaths(packageRoot, [source])}`,
  packages: ['github.com/argoproj/argo-rollouts/cmd/rollouts-controller'],
  binaries: ['rollouts-controller'],
  what: 'the controller of Argo Rollouts of the tests',
  minutes: 8,
  without: 'the tests of routes by Argo Rollouts will be skipped',
  module: join(packageRoot, source),
  flags: ['-mod=readonly', '-trimpath', '-ldflags=-s -w'],
  isStatic: true,
};

/** The controller's program; null: not built. */
export function findArgoRollouts() {
  return binaryIn(findBuilt(controller));
}

/**
 * Builds the controller from source, once per state of test/cluster/argo-rollouts.
 *
 * @returns {Promise<string | null>} null, with the reason logged, where there is no Go or the build fails
 */
export async function ensureArgoRollouts(log) {
  return binaryIn(await ensureBuilt(controller, log));
}

function binaryIn(folder) {
  return folder === null ? null : join(folder, 'rollouts-controller');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const binary = await ensureArgoRollouts((line) => console.log(line));
  process.exit(binary ? 0 : 1);
}
