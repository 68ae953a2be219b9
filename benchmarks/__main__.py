"""OneBlock's speed as ratios in one run: ``python -m benchmarks`` (some minutes; needs a ``helm`` for one of them).

Every figure is of whole processes, medians of ``--runs``; ratios hold when the machine's own speed drifts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.engines import bare_engine, helm_program
from benchmarks.make_fleet import make_fleet
from benchmarks.measure import Usage, cores, run

ONEBLOCK = [sys.executable, "-m", "generator"]
SAMPLE = 12
"""Namespaces that ``helm template`` renders: it takes a fifth of a second for each."""


def cold(root: Path) -> Usage:
    """A first render: no tree, no cache."""
    shutil.rmtree(root / "rendered", ignore_errors=True)
    shutil.rmtree(root / ".oneblock_cache", ignore_errors=True)
    return run([*ONEBLOCK, "-C", str(root), "render"])


def one_changed(root: Path, number: int) -> Usage:
    """A render after one namespace file changed."""
    file = root / "values" / "namespaces" / "team-0007.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("head: {cpu: 2,", f"head: {{cpu: {3 + number},", 1), encoding="utf-8")
    usage = run([*ONEBLOCK, "-C", str(root), "render"])
    file.write_text(text, encoding="utf-8")
    run([*ONEBLOCK, "-C", str(root), "render"])
    return usage


def told(name: str, value: str, goal: str = "") -> None:
    """One line of the report."""
    print(f"{name:<58} {value:>14}  {goal}", flush=True)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--namespaces", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--skip-scale", action="store_true", help="leave out the fleets of 400 and 4,000")
    given = parser.parse_args()
    told("cores", str(cores()))
    with tempfile.TemporaryDirectory(prefix="oneblock-bench-", dir=os.environ.get("TMPDIR")) as scratch:
        speed(Path(scratch) / "fleet", given.namespaces, given.runs)
        if not given.skip_scale:
            scale(Path(scratch), given.runs)


def speed(root: Path, namespaces: int, runs: int) -> None:
    """Cold and warm renders against the bare engine and the helm program."""
    make_fleet(root, namespaces)
    pairs = [(cold(root), bare_engine(root)) for _ in range(runs)]
    full = statistics.median(usage.seconds for usage, _ in pairs)
    told(f"cold: {namespaces} namespaces x 3 RayClusters", f"{full:.2f} s")
    told("cold, for each namespace", f"{1000 * full / namespaces:.2f} ms")
    told("cold / bare engine rendering the same releases", ratio(u.seconds / bare for u, bare in pairs), "goal <= 2.5")
    program = shutil.which(os.environ.get("ONEBLOCK_HELM", "helm"))
    if program:
        samples = [helm_program(program, root, SAMPLE) for _ in range(runs)]
        for how, each in (("values files", 0), ("cut values", 1)):
            seconds = statistics.median(sample[each] for sample in samples)
            told(f"helm template with {how}, for each namespace", f"{1000 * seconds:.0f} ms")
            told(f"helm template with {how} / oneblock", f"{seconds / (full / namespaces):.1f}", "goal >= 20")
    else:
        told("helm template / oneblock", "-", "left out: no helm on PATH")
    warm = [one_changed(root, number).seconds for number in range(runs)]
    told("one changed namespace file", f"{statistics.median(warm):.3f} s")
    told("one changed / cold", f"{100 * statistics.median(warm) / full:.1f} %", "goal <= 6 %")
    told("oneblock --help", f"{run([*ONEBLOCK, '--help']).seconds:.3f} s")
    one = str(root / "values" / "namespaces" / "team-0007.yaml")
    told("oneblock validate of one file", f"{run([*ONEBLOCK, '-C', str(root), 'validate', one]).seconds:.3f} s")


def scale(scratch: Path, runs: int) -> None:
    """Does a namespace cost the same in a large fleet, and does memory stay bounded?"""
    small, large = scratch / "small", scratch / "large"
    make_fleet(small, 400)
    make_fleet(large, 4000)
    pairs = [(cold(small), cold(large)) for _ in range(max(1, runs - 1))]
    told(
        "cost of a namespace at 4,000 / at 400",
        ratio(b.seconds / 4000 / (a.seconds / 400) for a, b in pairs),
        "goal <= 1.15",
    )
    together, largest = max(b.together for _, b in pairs), max(b.largest for _, b in pairs)
    told("peak memory at 4,000, all processes together", f"{together:.0f} MB", "goal <= 300 MB")
    told("peak memory at 4,000, largest process", f"{largest:.0f} MB")


def ratio(values: object) -> str:
    """The median of some ratios."""
    return f"{statistics.median(list(values)):.2f}"  # type: ignore[call-overload]  # any iterable


if __name__ == "__main__":
    main()
