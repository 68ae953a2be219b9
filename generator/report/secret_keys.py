"""Which names announce a secret: ``password`` and ``HF_TOKEN`` do, ``secretName`` and ``passwordSecret`` do not.

The last word of a name decides, because names are read from the end: a *secret name* is a name, a *client secret* is
a secret.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

# fmt: off
_SECRETS = frozenset({
    "password", "passwords", "passwd", "passphrase", "pass", "pwd", "requirepass", "masterauth", "token", "apitoken",
    "accesstoken", "authtoken", "credential", "credentials", "secretkey", "apikey", "accesskey", "privatekey",
})
# A "key" is a secret only in this company; alone it is an index (`passwordSecret.key`, `sortKey`).
_KEYS = frozenset({
    "api", "private", "secret", "access", "signing", "encryption", "ssh", "tls", "ssl", "account", "client", "auth",
    "deploy",
})
# "… secret" after these names a Kubernetes Secret, it does not hold one.
_REFERENCES = frozenset({
    "existing", "pull", "password", "passwd", "token", "key", "tls", "ssl", "cert", "certificate", "credential",
    "credentials", "auth", "image", "volume", "user", "username", "name", "kubernetes", "admin", "default",
})
# fmt: on


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether the value under this key should not be shown."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _SECRETS:
        return True
    shouted = name.isupper()  # an environment variable holds the thing itself
    if last == "secret":
        return shouted or before not in _REFERENCES
    return last == "key" and (before in _KEYS or (shouted and bool(before)))
