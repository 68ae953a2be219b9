"""The keys and certificates of a lab, made anew each time by openssl."""

from __future__ import annotations

import base64
import secrets
import subprocess
from pathlib import Path
from string import Template

from tests.e2e.lab.network import ADDRESS, FIRST_SERVICE, TEMPLATES

NEW = (
    "req",
    "-x509",
    "-config",
    TEMPLATES / "openssl.cnf",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
)
NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)


def openssl(*arguments: str | Path) -> None:
    """Runs openssl; its words only when it fails."""
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=30)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()}")


def certificate(folder: Path, name: str, subject: str, *extensions: str) -> None:
    """A key and a certificate of the lab's authority: ``<name>.key`` and ``<name>.crt``."""
    authority = ("-CA", folder / "ca.crt", "-CAkey", folder / "ca.key")
    added = [word for extension in extensions for word in ("-addext", extension)]
    openssl(*NEW, *authority, "-extensions", "certificate", *added, *files(folder, name), "-subj", subject)


def files(folder: Path, name: str) -> tuple[str | Path, ...]:
    """The words that name a new key and its certificate, and say that they are for a short life without a password."""
    return ("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt", "-nodes", "-days", "30")


def create(folder: Path) -> Path:
    """Everything the control plane and the node need, and the admin's kubeconfig, which is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    openssl(*NEW, "-extensions", "authority", *files(folder, "ca"), "-subj", "/CN=lab")
    alternatives = [f"IP:{address}" for address in ("127.0.0.1", ADDRESS, FIRST_SERVICE)]
    alternatives += [f"DNS:{name}" for name in NAMES]
    certificate(folder, "apiserver", "/CN=kube-apiserver", f"subjectAltName={','.join(alternatives)}")
    certificate(folder, "kubelet-client", "/O=system:masters/CN=kube-apiserver-kubelet-client")
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / "accounts.key")
    openssl("ec", "-in", folder / "accounts.key", "-pubout", "-out", folder / "accounts.pub")
    token = secrets.token_hex(16)
    (folder / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
    authority = base64.b64encode((folder / "ca.crt").read_bytes()).decode()
    kubeconfig = folder / "admin.conf"
    template = Template((TEMPLATES / "kubeconfig.yaml").read_text())
    kubeconfig.write_text(template.substitute(address=ADDRESS, ca=authority, token=token))
    kubeconfig.chmod(0o600)
    return kubeconfig
