"""A cluster as the tests see it, each method with a time limit: kubectl, or the API itself where many ask often."""

from __future__ import annotations

import copy
import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

from tests.e2e.kinds import Kind, Kinds
from tests.e2e.programs import program
from tests.e2e.proxy import OwnProxy, Proxy

T = TypeVar("T")
Objects = list[dict[str, Any]]  # inside the class, list is a method
Headers = list[tuple[str, str]]


class KubectlError(subprocess.CalledProcessError):
    """A kubectl that failed, with what it said."""

    def __str__(self) -> str:
        return f"kubectl {' '.join(map(str, self.cmd))}: exit code {self.returncode}\n{self.stderr or self.stdout}"


class HopelessError(Exception):
    """What a probe raises when there is no point in asking again."""


class Kube:
    """One cluster, as one user.

    ``via`` are the words before a command that run it where the cluster is reached, ``socket`` one that a ``kubectl
    proxy`` listens on already.
    """

    def __init__(self, kubeconfig: Path, via: Sequence[str] = (), socket: Path | None = None) -> None:
        self.kubeconfig = kubeconfig
        self._via = via
        self._command = self.command(program("kubectl"))
        self._user: tuple[str, ...] = ()
        self._headers: Headers = []
        self._proxy = Proxy(socket) if socket else OwnProxy(self._command)
        self._kinds = Kinds(self._discover)

    def command(self, client: Path) -> list[str]:
        """The first words of the command line of a client (``kubectl``, ``helm``), as the cluster's admin."""
        return [*self._via, str(client), f"--kubeconfig={self.kubeconfig}"]

    def kubectl(
        self,
        *args: str,
        input: str | None = None,  # noqa: A002 (as subprocess calls it)
        check: bool = True,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Runs kubectl; ``KubectlError`` with its words when it fails, unless told not to check."""
        command = [*self._command, *self._user, *args]
        done = subprocess.run(command, input=input, capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode:
            raise KubectlError(done.returncode, args, done.stdout, done.stderr)
        return done

    def apply(
        self,
        *manifests: Mapping[str, Any] | str | Path,
        server_side: bool = True,
        namespace: str = "",
        manager: str = "",
    ) -> str:
        """Applies objects, YAML text, files and folders (with all below); returns what kubectl says."""
        paths = [manifest for manifest in manifests if isinstance(manifest, Path)]
        texts = [
            manifest if isinstance(manifest, str) else json.dumps(manifest)
            for manifest in manifests
            if not isinstance(manifest, Path)
        ]
        args = [f"--filename={path}" for path in paths] + (["--filename=-"] if texts else [])
        args += ["--recursive"] if any(path.is_dir() for path in paths) else []
        args += ["--server-side"] if server_side else []
        args += [f"--field-manager={manager}"] if manager else []
        text = "\n---\n".join(texts) if texts else None
        return self.kubectl("apply", *args, *in_namespace(namespace), input=text, timeout=120).stdout

    def get(self, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        """The object, None when it is not there."""
        path = self._kind(kind).path(namespace, name)
        status, found = self.request("GET", path)
        return None if status == HTTPStatus.NOT_FOUND else _shown(_checked(path, status, found))

    def list(self, kind: str, namespace: str = "", selector: str = "") -> Objects:
        """The objects of a kind, or of several with commas between, of all namespaces where none is named."""
        listed: Objects = []
        for each in kind.split(","):
            path = self._kind(each).path(namespace, selector=selector)
            found = _checked(path, *self.request("GET", path))
            said = {"apiVersion": found["apiVersion"], "kind": found["kind"].removesuffix("List")}
            listed += [said | _shown(item) for item in found["items"] or ()]
        return listed

    def delete(
        self,
        kind: str,
        name: str,
        namespace: str = "",
        *,
        wait: bool = True,
        force: bool = False,
        timeout: float = 120,
    ) -> None:
        """Deletes the object if it is there; waits for its end; ``force`` leaves it no time to end itself."""
        args = [kind, name, *in_namespace(namespace), "--ignore-not-found", f"--wait={str(wait).lower()}"]
        args += ["--force", "--grace-period=0"] if force else []
        self.kubectl("delete", *args, f"--timeout={timeout:g}s", timeout=timeout + 30)

    def exec(
        self,
        pod: str,
        *argv: str,
        namespace: str,
        container: str = "",
        input: str | None = None,  # noqa: A002
        check: bool = True,
        timeout: float = 60,
    ) -> str:
        """What a command in a pod printed."""
        args = ["exec", pod, *in_namespace(namespace), *([f"--container={container}"] if container else [])]
        args += ["--stdin"] if input is not None else []
        return self.kubectl(*args, "--", *argv, input=input, check=check, timeout=timeout).stdout

    def logs(self, pod: str, *, namespace: str, container: str = "", previous: bool = False) -> str:
        """The log of a container; of the one that ran before it with ``previous``."""
        args = [*in_namespace(namespace), *([f"--container={container}"] if container else [])]
        return self.kubectl("logs", pod, *args, f"--previous={str(previous).lower()}").stdout

    def events(self, namespace: str, about: str = "") -> Objects:
        """The events of a namespace, oldest first; only those about the object of that name, if one is given."""
        found = self.list("events", namespace)
        if about:
            found = [event for event in found if event["involvedObject"].get("name") == about]
        return sorted(found, key=lambda event: str(event["metadata"]["creationTimestamp"]))

    def as_user(self, user: str, *groups: str) -> Kube:
        """The same cluster as somebody else."""
        other = copy.copy(self)
        other._user = (f"--as={user}", *(f"--as-group={group}" for group in groups))
        other._headers = [("Impersonate-User", user), *(("Impersonate-Group", group) for group in groups)]
        return other

    def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, content_type: str = "application/json"
    ) -> tuple[int, dict[str, Any]]:
        """One call straight to the API over a kept connection: the status and the answer."""
        return self._proxy.request(method, path, body, [("Content-Type", content_type), *self._headers])

    def _kind(self, name: str) -> Kind:
        kind = self._kinds.named(name)
        if kind is None:
            raise KubectlError(1, ("get", name), "", f"the server has no resource type {name}")
        return kind

    def _discover(self, path: str, wanted: str) -> dict[str, Any]:
        return _checked(path, *self._proxy.request("GET", path, headers=[("Accept", wanted)]))

    def close(self) -> None:
        """Ends what ``request`` started."""
        self._proxy.close()


def _checked(path: str, status: int, found: dict[str, Any]) -> dict[str, Any]:
    if status != HTTPStatus.OK:
        raise KubectlError(1, ("get", f"--raw={path}"), "", str(found.get("message", found)))
    return found


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    found["metadata"].pop("managedFields", None)  # as kubectl does
    return found


def in_namespace(namespace: str) -> tuple[str, ...]:
    """The words that name a namespace; none for none."""
    return (f"--namespace={namespace}",) if namespace else ()


def until(what: str, probe: Callable[[], T | None], seconds: float = 120, every: float = 0.5) -> T:
    """Asks until the answer is true; fails with ``what`` and the last answer or error when that takes too long.

    A probe that knows better than to wait raises ``HopelessError``.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            last: object = probe()
            if last:
                return last  # type: ignore[return-value]
        except HopelessError:
            raise
        except Exception as error:  # the cluster may not be that far yet
            last = f"{type(error).__name__}: {error}"
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {what}; last seen: {str(last)[:2000]}")
        time.sleep(every)
