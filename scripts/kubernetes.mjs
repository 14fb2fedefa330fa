import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureArgoRollouts } from './argo-rollouts.mjs';
import { singleProgram } from './build-with-go.mjs';
import { hashPaths, packageRoot } from './cache-folder.mjs';
import { ensureIstio } from './istio.mjs';

const version = 'v1.36.3';
export const source = 'test/cluster/controlplane';

// Clients ask a server for its version; a build from modules would say v0.0.0.
const versionFlags = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((path) => [
  `-X ${path}.gitVersion=${version}`,
  `-X ${path}.gitMajor=1`,
  `-X ${path}.gitMinor=${version.split('.')[1]}`,
]);

export const goFlags = ['-mod=readonly', '-trimpath', `-ldflags=-s -w ${versionFlags.join(' ')}`];

/** The program that holds etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok and kubectl. */
export const { find: findKubernetes, ensure: ensureKubernetes } = singleProgram({
  name: `kubernetes-${hashPaths(packageRoot, [source])}`,
  packages: ['.'],
  binaries: ['kubernetes-servers'],
  what: 'the Kubernetes control plane of the tests',
  minutes: 10,
  without: 'the tests against a Kubernetes cluster will be skipped',
  module: join(packageRoot, source),
  flags: goFlags,
  isStatic: true,
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const log = (line) => console.log(line);
  const built = [await ensureKubernetes(log), await ensureArgoRollouts(log), await ensureIstio(log)];
  process.exit(built.every((folder) => folder !== null) ? 0 : 1);
}
