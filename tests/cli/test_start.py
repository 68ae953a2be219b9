"""What a command does not need, it does not load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from generator.commands.pipeline import cores
from tests.cli.running import edit, environment, process

HELM = {"helm_python"}
SCHEMAS = {"jsonschema", "jsonschema_rs", "kubernetes_validate"}
OURS = {"generator.rules", "generator.schema", "generator.helm.sdk", "generator.commands.rendering", "jinja2"}


def loaded(*arguments: str | Path) -> set[str]:
    """The modules that a run loads."""
    code = (
        "import sys, json\n"
        "from generator.cli.shield import shielded\n"
        "from generator.cli.app import oneblock\n"
        f"code = shielded(oneblock, {[str(each) for each in arguments]!r})\n"
        "assert code == 0, code\n"
        "sys.stderr.write('\\n' + json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments", [["--help"], ["render", "--help"], ["--version"], ["completion", "bash"]], ids=" ".join
)
def test_help_loads_neither_helm_nor_schemas(arguments: list[str]) -> None:
    found = loaded(*arguments)
    assert not found & (HELM | SCHEMAS | OURS | {"yaml"})
    assert not [each for each in found if each.startswith("generator.report")]


def test_validating_one_file_starts_no_helm_and_no_processes(fleet: Path) -> None:
    found = loaded("-C", fleet, "validate", fleet / "values" / "namespaces" / "team-a.yaml")
    assert not found & {*HELM, "jsonschema", "jinja2", "multiprocessing.pool", "concurrent.futures.process"}


def test_a_render_with_nothing_to_do_loads_next_to_nothing(fleet: Path) -> None:
    assert process("-C", fleet, "render").code == 0
    for command in ("render", "check"):
        found = loaded("-C", fleet, command)
        assert found & (HELM | SCHEMAS | OURS) == set()


def test_a_render_of_one_changed_file_does_not_read_the_platform_again(fleet: Path) -> None:
    assert process("-C", fleet, "render").code == 0
    edit(fleet / "values" / "namespaces" / "team-a.yaml", "cpu: 2,", "cpu: 3,")
    found = loaded("-C", fleet, "render")
    assert found & {"jsonschema", "concurrent.futures.process"} == set()
    if hasattr(os, "fork") and cores() > 1:  # another process has done the work
        assert found & {*HELM, *SCHEMAS, "generator.rules", "generator.schema", "jinja2"} == set()
