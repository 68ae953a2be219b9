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

    The same charts, packed as OneBlock packs them (without the schema, which Helm would compile anew for each render),
    and the same batches: what is measured is Helm's part of the work.
    """
    code = "import sys; from pathlib import Path; from benchmarks.engines import _render; _render(Path(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, str(root)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def _render(root: Path) -> None:
    import helm_python

    from generator.helm.archive import archive

    todo = list(releases(root))
    started = time.perf_counter()
    loaded = {chart: helm_python.Chart.load_archive(archive(CHARTS / chart)) for chart in {each.chart for each in todo}}
    for each in todo:
        loaded[each.chart].render(each.values, name=each.name, namespace=each.namespace)
    print(time.perf_counter() - started)


def helm_program(program: str, root: Path, namespaces: int) -> tuple[float, float]:
    """Seconds ``helm template`` takes for one namespace, its grants and its RayClusters, over the fleet's first ones.

    Twice: with the values files as they are, which is how Helm is used (the grants of all namespaces are one call then,
    counted by the namespace), and with only the values that the release needs, which Helm's users would have to cut.
    """
    platform, teams = _platform(root), [f"team-{number:04}" for number in range(namespaces)]
    files = ["--values", str(root / "values" / "platform.yaml")]
    whole = _timed([program, "template", "oneblock", str(CHARTS.parent), "-n", platform.system_namespace, *files])
    whole /= len(platform.namespaces)
    cut = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        slim = Path(scratch) / "values.json"
        for name in teams:
            ray = [program, "template", f"ray-{name}", str(CHARTS / "ray"), "--namespace", name]
            own = str(root / "values" / "namespaces" / f"{name}.yaml")
            whole += _timed([*ray, *files, "--values", own]) / namespaces
            for each in (*namespace_grants(platform, [name]), *_team(root, name, platform)):
                slim.write_text(json.dumps(each.values), encoding="utf-8")
                chart = str(CHARTS / each.chart)
                command = [program, "template", each.name, chart, "--namespace", each.namespace, "--values", str(slim)]
                cut += _timed(command) / namespaces
    return whole, cut


def _timed(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started
