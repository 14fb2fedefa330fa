import { join } from 'node:path';

/** Nothing that reaches beyond the node's namespaces: no swap, no sysctl, no cgroup but its own. */
export function kubeletSettings(folder: string, { name, address }: { name: string; address: string }) {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address,
    healthzPort: 0,
    readOnlyPort: 0,
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    cgroupRoot: `/${name}`,
    cgroupDriver: 'cgroupfs',
    failCgroupV1: false,
    enforceNodeAllocatable: [],
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${join(folder, 'containerd.sock')}`,
    podLogsDir: join(folder, 'pod-logs'),
    localStorageCapacityIsolation: false,
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    nodeLeaseDurationSeconds: 8,
    nodeStatusUpdateFrequency: '4s',
    syncFrequency: '5s',
  };
}

/** The copying snapshotter works on every file system, also in a container; the images are small. */
export function containerdSettings(
  folder: string,
  { runc, plugins, pauseImage }: { runc: string; plugins: string; pauseImage: string },
): string {
  const unneeded = ['nri.v1.nri', 'snapshotter.v1.btrfs', 'snapshotter.v1.zfs', 'snapshotter.v1.devmapper', 'snapshotter.v1.erofs', 'tracing.processor.v1.otlp', 'internal.v1.opt']; // prettier-ignore
  return `version = 3
root = "${folder}/containerd"
state = "${folder}/containerd-state"
disabled_plugins = ${JSON.stringify(unneeded.map((plugin) => `io.containerd.${plugin}`))}
[grpc]
address = "${folder}/containerd.sock"
[ttrpc]
address = "${folder}/containerd.sock.ttrpc"
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
disable_apparmor = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["${plugins}"]
conf_dir = "${folder}/network"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "${runc}"
SystemdCgroup = false
[plugins."io.containerd.cri.v1.images"]
snapshotter = "native"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "${pauseImage}"
`;
}

export function networkSettings() {
  const ipam = { type: 'host-local', ranges: [[{ subnet: '10.244.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] };
  return { cniVersion: '0.4.0', name: 'pods', plugins: [{ type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: false, ipam }] };
}
