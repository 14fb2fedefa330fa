import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureArgoRollouts } from './argo-rollouts.mjs';
import { ensureBuilt, findBuilt } from './build-with-go.mjs';
import { hashPaths, packageRoot } from './cache-folder.mjs';
import { ensureIstio } from './istio.mjs';
import { ensureKubernetes, goFlags, source } from './kubernetes.mjs';

const without = 'the tests with real training pods will be skipped';
const containerdVersion = '2.4.2';

// Of the same module as the control plane, so of the same version.
const kubelet = {
  name: `kubelet-${hashPaths(packageRoot, [`${source}/go.mod`, `${source}/go.sum`])}`,
  packages: ['k8s.io/kubernetes/cmd/kubelet'],
  binaries: ['kubelet'],
  what: 'the kubelet of the tests',
  minutes: 4,
  without,
  module: join(packageRoot, source),
  flags: goFlags,
  isStatic: true,
};

const containerd = {
  name: `containerd-${containerdVersion}`,
  packages: ['containerd', 'containerd-shim-runc-v2', 'ctr'].map(
    (name) => `github.com/containerd/containerd/v2/cmd/${name}@v${containerdVersion}`,
  ),
  binaries: ['containerd', 'containerd-shim-runc-v2', 'ctr'],
  what: 'the container runtime of the tests',
  minutes: 4,
  without,
  flags: ['-trimpath', '-ldflags=-s -w'],
  isStatic: true,
};

/** The folders with `kubelet` and with `containerd`, its shim and `ctr`; null: not built. */
export function findKubernetesNode() {
  const [kubeletFolder, containerdFolder] = [findBuilt(kubelet), findBuilt(containerd)];
  return kubeletFolder && containerdFolder ? { kubeletFolder, containerdFolder } : null;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const log = (line) => console.log(line);
  // One after the other, the control plane first: kubelet shares most of what is compiled for it.
  const built = [await ensureKubernetes(log), await ensureBuilt(kubelet, log), await ensureBuilt(containerd, log)];
  built.push(await ensureArgoRollouts(log), await ensureIstio(log));
  process.exit(built.every((folder) => folder !== null) ? 0 : 1);
}
