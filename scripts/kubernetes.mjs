import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureArgoRollouts } from './argo-rollouts.mjs';
import { ensureBuilt, findBuilt } from './build-with-go.mjs';
import { hashPaths, packageRoot } from './cache-folder.mjs';

const version = 'v1.36.3';
export const source = 'test/cluster/controlplane';

// Clients ask a server for its version; a build from modules would say v0.0.0.
const versionFlags = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) => [
  `-X ${path}.gitVersion=${version}`,
  `-X ${path}.gitMajor=1`,
  `-X ${path}.gitMinor=${version.split('.')[1]}`,
]);

export const goFlags = ['-mod=readonly', '-trimpath', `-ldflags=-s -w ${versionFlags.join(' ')}`];

const programs = {
  name: `kubernetes-${hashPaths(packageRoot, [source])}`,
  packages: ['.'],
  binaries: ['kubernetes-servers'],
  what: 'the Kubernetes control plane of the tests',
  minutes: 10,
  without: 'the tests against a Kubernetes cluster will be skipped',
  module: join(packageRoot, source),
  flags: goFlags,
  isStatic: true,
};

/** The program that holds etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok and kubectl; null: not built. */
export function findKubernetes() {
  return binaryIn(findBuilt(programs));
}

/**
 * Builds the control plane from source, once per state of test/cluster/controlplane.
 *
 * @returns {Promise<string | null>} null, with the reason logged, where there is no Go or the build fails
 */
export async function ensureKubernetes(log) {
  return binaryIn(await ensureBuilt(programs, log));
}

function binaryIn(folder) {
  return folder === null ? null : join(folder, 'kubernetes-servers');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const log = (line) => console.log(line);
  const isBuilt = (await ensureKubernetes(log)) && (await ensureArgoRollouts(log));
  process.exit(isBuilt ? 0 : 1);
}
