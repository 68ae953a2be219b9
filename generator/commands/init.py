"""``oneblock init``: a new fleet that validates and renders as it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator import __version__, resources
from generator.schema.values import write_schemas
from generator.templating import blueprints

GitOps = Literal["argocd", "flux", "none"]
START = "getting-started"


class InitError(Exception):
    """The folder is not one for a new fleet."""


class UnwritableError(Exception):
    """The folder could be a new fleet's, but cannot be written."""


@dataclass(frozen=True, slots=True)
class Written:
    """One file of the new fleet; ``about`` is empty for files that need no introduction."""

    path: str
    content: bytes
    about: str = ""


def new_fleet(gitops: GitOps, ci: str | None, sample: str = START) -> list[Written]:
    """The files of a new fleet made from a sample, in the order they are told of."""
    values = resources.sample_fleets()[sample]
    platform = (values / "platform.yaml").read_text(encoding="utf-8")
    about = "the platform: operator, Redis, queues, namespaces"
    teams = sorted((values / "namespaces").iterdir())
    files = [
        Written("values/platform.yaml", (platform + _blueprint("gitops.yaml", gitops=gitops)).encode(), about),
        *(Written(f"values/namespaces/{file.name}", file.read_bytes(), "one team's Ray") for file in teams),
        Written("CODEOWNERS", _blueprint("CODEOWNERS").encode(), "who may change which file"),
        Written(".gitignore", _blueprint("gitignore").encode()),
        *(Written(f"schemas/{name}", content) for name, content in write_schemas().items()),
    ]
    if ci == "github":
        workflow = _blueprint("github-workflow.yml", version=__version__)
        files.append(Written(".github/workflows/oneblock.yml", workflow.encode(), "checks every pull request"))
    return files


def write_fleet(folder: Path, files: list[Written]) -> None:
    """Writes ``files`` below ``folder``. Raises InitError where it is not empty, else UnwritableError."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InitError(f"{folder} is not an empty folder; choose a new one")
        for file in files:
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.content)
    except OSError as error:
        raise UnwritableError(f"{folder} cannot be written: {error.strerror}") from error


def _blueprint(name: str, **values: str) -> str:
    return blueprints(resources.BLUEPRINTS / "init").get_template(name).render(values)
