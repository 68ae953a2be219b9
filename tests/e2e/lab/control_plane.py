"""etcd, the API server and the controller manager of a lab; the scheduler where there is a node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tests.e2e.lab.network import ADDRESS, SERVICES

ETCD = "http://127.0.0.1:2379"
# A test cluster has one user, and no reason to be slowed down.
SPEED = ("--leader-elect=false", "--kube-api-qps=200", "--kube-api-burst=400", "--bind-address=127.0.0.1")

Spawn = Callable[[str, Sequence[str]], object]


def start_api_server(spawn: Spawn, folder: Path) -> None:
    """etcd and the API server, with every admission plugin that is on by default."""
    spawn(
        "etcd",
        [
            *("etcd", f"--data-dir={folder / 'etcd'}", "--unsafe-no-fsync", f"--listen-client-urls={ETCD}"),
            *(f"--advertise-client-urls={ETCD}", "--listen-peer-urls=http://127.0.0.1:2380"),
        ],
    )
    pki = folder / "pki"
    arguments = {
        "etcd-servers": ETCD,
        "bind-address": ADDRESS,
        "advertise-address": ADDRESS,
        "allow-privileged": "true",
        "authorization-mode": "Node,RBAC",
        "enable-priority-and-fairness": "false",
        "service-cluster-ip-range": SERVICES,
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": pki / "accounts.pub",
        "service-account-signing-key-file": pki / "accounts.key",
        "tls-cert-file": pki / "apiserver.crt",
        "tls-private-key-file": pki / "apiserver.key",
        "client-ca-file": pki / "ca.crt",
        "token-auth-file": pki / "tokens.csv",
        # For exec, logs and port-forward.
        "kubelet-client-certificate": pki / "kubelet-client.crt",
        "kubelet-client-key": pki / "kubelet-client.key",
        "kubelet-preferred-address-types": "InternalIP",
        # A pod on a node that is gone is given up soon enough for a test to see it.
        "default-not-ready-toleration-seconds": "20",
        "default-unreachable-toleration-seconds": "20",
    }
    spawn("kube-apiserver", ["kube-apiserver", *(f"--{key}={value}" for key, value in arguments.items())])


def start_controllers(spawn: Spawn, folder: Path, kubeconfig: Path) -> None:
    """What acts on objects; the API server must be ready."""
    pki = folder / "pki"
    spawn(
        "kube-controller-manager",
        [
            *("kube-controller-manager", f"--kubeconfig={kubeconfig}", f"--root-ca-file={pki / 'ca.crt'}", *SPEED),
            f"--service-account-private-key-file={pki / 'accounts.key'}",
            # A machine that is busy for half a minute has not lost its node, and its pods are not to be evicted.
            *("--node-monitor-period=2s", "--node-monitor-grace-period=180s"),
        ],
    )


def start_scheduler(spawn: Spawn, kubeconfig: Path) -> None:
    """What gives pods their node."""
    spawn("kube-scheduler", ["kube-scheduler", f"--kubeconfig={kubeconfig}", *SPEED])
