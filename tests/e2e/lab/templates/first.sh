#!/bin/sh
# The first process of a lab's namespaces: lays out its mounts and its network, says so, then waits. Nothing it does is seen
# outside, and when it ends the kernel ends every process in there.
#   first.sh STATE ADDRESS SERVICES stay|follow
set -eu
state=$1 address=$2 services=$3 how=$4
trap '' CHLD # so that the kernel buries whoever loses its parent in here

# Kubelet, containerd and CNI find their usual places, but each lab has its own behind them.
bind() { # FOLDER: a part of the state
  mkdir -p "$1" "$state/node$1"
  mount --bind "$state/node$1" "$1"
}
bind /run/containerd
bind /run/netns
bind /var/lib/containerd
bind /var/lib/cni
bind /var/lib/kubelet
bind /var/log/containers
bind /var/log/pods
echo "nameserver ${address%/*}" >"$state/resolv.conf"
mount --bind "$state/resolv.conf" /etc/resolv.conf

ip link set lo up
# Left to itself, a bridge takes the lowest hardware address of its pods, and pods lose packets when that one ends.
ip link add cni0 address 02:00:00:00:00:01 type bridge
ip addr add "$address" dev cni0
ip link set cni0 up
ip route add "$services" dev cni0 # kube-proxy translates them; nothing leaves
echo 1 >/proc/sys/net/ipv4/ip_forward

: >"$state/laid-out"
if [ "$how" = stay ]; then
  exec sleep infinity
fi
exec cat >/dev/null # until whoever started the lab is gone
