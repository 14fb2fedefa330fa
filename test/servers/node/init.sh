#!/bin/sh
# A Kubernetes node in namespaces of its own: `init.sh FOLDER` with what test/servers/kubernetes-node.ts wrote there.
# It lives as long as its standard input: however that ends, the kernel ends every process inside, and with the last of them
# go its mounts and its network. Lines of the input are orders: `stop kubelet`, `start kubelet`.
set -eu
folder=$1
. "$folder/settings.sh"

cgroup_folders() { # version 1 has one tree per controller
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then echo "/sys/fs/cgroup/$name"; else
    for tree in /sys/fs/cgroup/*/; do [ -L "${tree%/}" ] || echo "$tree$name"; done
  fi
}

if [ "${2:-}" != inside ]; then
  for cgroup in $(cgroup_folders); do
    mkdir "$cgroup"
    for setting in cpuset.cpus cpuset.mems; do # empty in a new one of version 1: no process may enter
      [ ! -f "$cgroup/../$setting" ] || cat "$cgroup/../$setting" >"$cgroup/$setting"
    done
  done
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then echo '+cpu +cpuset +memory +pids' >/sys/fs/cgroup/cgroup.subtree_control; fi
  unshare --mount --propagation private --net --pid --fork --kill-child --mount-proc sh "$0" "$folder" inside || true
  for cgroup in $(cgroup_folders); do find "$cgroup" -depth -type d -exec rmdir {} ';'; done
  exit
fi

mount --make-rshared / # among the pods of this node alone
shadow() { # kubelet insists on these; the machine's own stay as they are
  mkdir -p "$folder/sysctl" && echo "$2" >"$folder/sysctl/$(basename "$1")"
  mount --bind "$folder/sysctl/$(basename "$1")" "/proc/sys/$1"
}
shadow vm/overcommit_memory 1
shadow vm/panic_on_oom 0
shadow kernel/panic 10
shadow kernel/panic_on_oops 1
shadow kernel/keys/root_maxkeys 1000000
shadow kernel/keys/root_maxbytes 25000000

ip link set lo up
ip link add cni0 type bridge
ip address add "$address/24" dev cni0
ip link set cni0 up
ip route add default dev cni0

start_kubelet() {
  kubelet --config="$folder/kubelet.json" --kubeconfig="$folder/kubeconfig" --root-dir="$folder/kubelet" --cert-dir="$folder/pki" \
    --hostname-override="$node_name" --node-ip="$address" >>"$folder/logs/kubelet.log" 2>&1 &
  kubelet_pid=$!
}

"$node" "$(dirname "$0")/relay.mjs" "$folder" "$address" $ports >"$folder/logs/relay.log" 2>&1 &
containerd -c "$folder/containerd.toml" >"$folder/logs/containerd.log" 2>&1 &
ctr() { command ctr --address "$folder/containerd.sock" --namespace k8s.io "$@" </dev/null; }
until ctr version >/dev/null 2>&1; do sleep 0.1; done
for image in "$folder"/images/*.tar; do ctr images import --local --snapshotter native "$image" >>"$folder/logs/images.log" 2>&1; done
start_kubelet
while read -r order; do
  case $order in
    'stop kubelet') kill "$kubelet_pid" && wait "$kubelet_pid" || true ;;
    'start kubelet') start_kubelet ;;
  esac
done
