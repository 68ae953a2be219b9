"""Creates the passwords of Redis once, inside the cluster. Standard library only.

Two kinds of Secret, both created and never overwritten (an answer "exists already" is success):

* ``AUTH_SECRET`` beside Redis: one password for each of Redis' own users, and for every tenant the SHA-256 of its
  password under ``tenant.<namespace>``. Redis never sees a tenant's password, only this.
* ``TENANT_SECRET`` in each tenant's namespace: ``username`` (the namespace) and ``password``.

A tenant that is added later gets its Secret and one more key here; a tenant whose Secret was replaced gets its key
renewed; a tenant that is taken out of the values keeps its key, because its RayClusters still have to clean up after
themselves (revoke it by removing the key). A Secret that exists without what it must have is an error: somebody has to
look at it.

Environment: POD_NAMESPACE, AUTH_SECRET, TENANT_SECRET, TENANTS_FILE (a JSON list of namespaces), and for tests API_URL,
CREDENTIALS_DIR, PATIENCE_SECONDS. Exit code 0 when everything is in place, 1 otherwise. No password is ever printed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import secrets
import ssl
import string
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

PASSWORD_KEYS = ("admin-password", "sentinel-password", "replication-password", "exporter-password")
ALPHABET = string.ascii_letters + string.digits  # Ray puts the password into a shell line: nothing that needs quoting
LENGTH = 40
LABELS = {
    "app.kubernetes.io/name": "redis",
    "app.kubernetes.io/part-of": "oneblock",
    "app.kubernetes.io/managed-by": "oneblock-redis-bootstrap",
}


class RefusedError(Exception):
    """The API server's final answer, or a Secret that cannot be used; the message is for the reader of the log."""


def password() -> str:
    """A new random password."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def tenant_secret(namespace: str) -> dict[str, str]:
    """What a tenant's new Secret holds."""
    return {"username": namespace, "password": password()}


def encode(text: str) -> str:
    """Text as a Secret's ``data`` holds it."""
    return base64.b64encode(text.encode()).decode()


class Api:
    """The few calls this needs, as the pod's service account. Retries for ``patience`` seconds what may pass."""

    def __init__(self, url: str, credentials: Path, patience: float) -> None:
        self.url = url
        self.credentials = credentials
        self.deadline = time.monotonic() + patience
        authority = credentials / "ca.crt"
        self.tls = ssl.create_default_context(cafile=str(authority)) if url.startswith("https:") else None

    def _once(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        request = urllib.request.Request(  # noqa: S310 (the API server's own address)
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                # Read each time: kubelet renews it.
                "Authorization": "Bearer " + (self.credentials / "token").read_text().strip(),
                "Content-Type": kind,
                "Accept": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=15, context=self.tls) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            text = error.read()
            try:
                return error.code, json.loads(text)
            except ValueError:
                return error.code, {"message": text.decode(errors="replace")[:200]}

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Status and answer. 403 is retried too: the Role may reach the API server a moment after this pod."""
        pause = 1.0
        while True:
            try:
                status, answer = self._once(method, path, body)
                problem = f"{status} {answer.get('message', '')}"
            except (OSError, ValueError) as error:
                status, answer, problem = 0, {}, str(error)
            if status not in (0, 403, 429) and status < 500:
                return status, answer
            if time.monotonic() + pause > self.deadline:
                raise RefusedError(f"{method} {path}: {problem}")
            time.sleep(pause)
            pause = min(pause * 2, 15.0)

    def secret(self, namespace: str, name: str) -> dict[str, str] | None:
        """The decoded ``data`` of a Secret, or None when there is none."""
        status, answer = self.call("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}")
        if status == 404:
            return None
        if status != 200:
            raise RefusedError(f"Secret {namespace}/{name}: {status} {answer.get('message', '')}")
        try:
            return {key: base64.b64decode(value).decode() for key, value in (answer.get("data") or {}).items()}
        except (binascii.Error, UnicodeDecodeError) as error:
            raise RefusedError(f"Secret {namespace}/{name}: {error}") from error

    def ensure(self, namespace: str, name: str, make: Callable[[], dict[str, str]]) -> dict[str, str]:
        """The Secret as it is in the cluster, created from ``make`` when there was none."""
        found = self.secret(namespace, name)
        if found is not None:
            return found
        made = make()
        status, answer = self.call(
            "POST",
            f"/api/v1/namespaces/{namespace}/secrets",
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": namespace, "labels": LABELS},
                "type": "Opaque",
                "data": {key: encode(value) for key, value in made.items()},
            },
        )
        if status == 201:
            print(f"Secret {namespace}/{name}: created")
            return made
        if status == 409:  # somebody was faster: what is there counts
            return self.secret(namespace, name) or {}
        raise RefusedError(f"Secret {namespace}/{name}: {status} {answer.get('message', '')}")


def required(data: dict[str, str], where: str, keys: tuple[str, ...]) -> None:
    """Fails when a Secret lacks one of its keys, naming them."""
    missing = [key for key in keys if not data.get(key)]
    if missing:
        raise RefusedError(
            f"Secret {where} exists but has no {', '.join(missing)}; it is not overwritten. "
            "Add what is missing (letters and digits only), or delete the Secret if nothing uses it yet."
        )


def tenant_hashes(api: Api, secret_name: str, tenants: list[str]) -> tuple[dict[str, str], list[str]]:
    """Every tenant's Secret, made where missing: the keys for Redis' Secret, and what could not be done."""
    hashes: dict[str, str] = {}
    problems: list[str] = []
    for tenant in tenants:
        try:
            data = api.ensure(tenant, secret_name, partial(tenant_secret, tenant))
            required(data, f"{tenant}/{secret_name}", ("password",))
        except RefusedError as error:
            problems.append(str(error))  # one tenant's trouble is not the others'
        else:
            hashes[f"tenant.{tenant}"] = hashlib.sha256(data["password"].encode()).hexdigest()
    return hashes, problems


def bootstrap(api: Api, namespace: str, auth_name: str, tenant_name: str, tenants: list[str]) -> list[str]:
    """Brings everything into place; returns what could not be done, one line each."""
    # Tenants first: Redis starts as soon as its Secret is there, and should then find all of them in it.
    hashes, problems = tenant_hashes(api, tenant_name, tenants)
    auth = api.ensure(namespace, auth_name, lambda: {key: password() for key in PASSWORD_KEYS} | hashes)
    required(auth, f"{namespace}/{auth_name}", PASSWORD_KEYS)
    patch = {key: encode(digest) for key, digest in hashes.items() if auth.get(key) != digest}
    for key in patch:
        print(f"Secret {namespace}/{auth_name}: {key} {'renewed' if key in auth else 'added'}")
    if patch:
        status, answer = api.call("PATCH", f"/api/v1/namespaces/{namespace}/secrets/{auth_name}", {"data": patch})
        if status != 200:
            problems.append(f"Secret {namespace}/{auth_name}: {status} {answer.get('message', '')}")
    return problems


def main() -> int:
    """Reads the environment, does the work, says what went wrong."""
    environ = os.environ
    host = environ.get("KUBERNETES_SERVICE_HOST", "")
    host = f"[{host}]" if ":" in host else host
    url = environ.get("API_URL") or f"https://{host}:{environ.get('KUBERNETES_SERVICE_PORT', '443')}"
    credentials = Path(environ.get("CREDENTIALS_DIR", "/var/run/secrets/kubernetes.io/serviceaccount"))
    try:
        tenants = json.loads(Path(environ["TENANTS_FILE"]).read_text(encoding="utf-8"))
        api = Api(url, credentials, float(environ.get("PATIENCE_SECONDS", "180")))
        problems = bootstrap(api, environ["POD_NAMESPACE"], environ["AUTH_SECRET"], environ["TENANT_SECRET"], tenants)
    except RefusedError as error:
        problems = [str(error)]
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    if not problems:
        print(f"{len(tenants)} tenants are in place")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
