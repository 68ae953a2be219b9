"""What OneBlock is measured against: Helm alone, in process and as a program, rendering the same releases."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from generator import resources
from generator.fleet import Platform, open_namespace
from generator.plan import Release, namespace_grants, namespace_releases, platform_releases
from generator.source import read

CHARTS = resources.charts() / "oneblock" / "charts"


def releases(root: Path) -> Iterator[Release]:
    """Every release of the fleet at ``root``."""
    platform = _platform(root)
    yield from platform_releases(platform)
    yield from namespace_grants(platform)
    for name in sorted(platform.namespaces):
        yield from _team(root, name, platform)


def _platform(root: Path) -> Platform:
    document, _ = read("values/platform.yaml", (root / "values" / "platform.yaml").read_bytes())
    assert document is not None
    return Platform(document)


def _team(root: Path, name: str, platform: Platform) -> Iterator[Release]:
    file = root / "values" / "namespaces" / f"{name}.yaml"
    document, _ = read(file.name, file.read_bytes())
    assert document is not None
    yield from namespace_releases(open_namespace(name, document, platform))


def bare_engine(root: Path) -> float:
    """Seconds the Helm SDK takes for all releases of the fleet, values at hand, in one process of its own.

    The same charts, packed as OneBlock packs them (without the schema, which Helm would compile anew for each render), and
    the same batches: what is measured is Helm's part of the work.
    """
    code = "import sys; from pathlib import Path; from benchmarks.engines import _render; _render(Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(root)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def _render(root: Path) -> None:
    import helm_python

    from generator.helm.sdk import archive

    todo = list(releases(root))
    started = time.perf_counter()
    loaded = {chart: helm_python.Chart.load_archive(archive(CHARTS / chart)) for chart in {each.chart for each in todo}}
    for each in todo:
        loaded[each.chart].render(each.values, name=each.name, namespace=each.namespace)
    print(time.perf_counter() - started)


def helm_program(program: str, root: Path, namespaces: int) -> float:
    """Seconds ``helm template`` takes for one namespace's releases, over the first ``namespaces`` of the fleet."""
    platform, wanted = _platform(root), [f"team-{number:04}" for number in range(namespaces)]
    grants = (grant for name in wanted for grant in namespace_grants(platform, [name]))
    chosen = [*grants, *(release for name in wanted for release in _team(root, name, platform))]
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "values.json"
        total = 0.0
        for each in chosen:
            if each.home in wanted:
                file.write_text(json.dumps(each.values), encoding="utf-8")
                command = [
                    program,
                    "template",
                    each.name,
                    str(CHARTS / each.chart),
                    "-n",
                    each.namespace,
                    "-f",
                    str(file),
                ]
                started = time.perf_counter()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                total += time.perf_counter() - started
    return total / namespaces
