"""Prometheus' own promtool takes the alert rules, and each alert fires on what it is for and on nothing else."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.binaries import need
from tests.charts.redis.view import WHOLE, render
from tests.charts.rendering import SYSTEM, one

TABLE = yaml.safe_load((Path(__file__).parent / "alerts.yaml").read_text())
OURS = f'job="oneblock-redis",namespace="{SYSTEM}"'


def rules() -> dict[str, Any]:
    """The content of a rule file, which is a PrometheusRule's spec."""
    spec: dict[str, Any] = one(render(WHOLE), "PrometheusRule")["spec"]
    return spec


def case(series: dict[str, str], fires: list[str]) -> dict[str, Any]:
    """A test in promtool's form: some series beside or instead of those of a Redis that is well."""
    given = {**TABLE["well"], **series}
    return {
        "interval": "30s",
        "input_series": [{"series": name.replace("OURS", OURS), "values": values} for name, values in given.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": "25m",
                "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in fires],
            }
        ],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the rule file in it."""
    (tmp_path / "rules.yaml").write_text(json.dumps(rules()))
    return tmp_path


def promtool(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """What promtool says of the files in a folder."""
    return subprocess.run([need("promtool"), *args], cwd=folder, capture_output=True, text=True, check=False)


def test_promtool_takes_the_rules(folder: Path) -> None:
    said = promtool(folder, "check", "rules", "rules.yaml")
    assert said.returncode == 0, said.stderr
    assert f"{len(rules()['groups'][0]['rules'])} rules found" in said.stdout


def test_what_fires(folder: Path) -> None:
    tests = [
        {"name": about, **case(wanted.get("series", {}), wanted.get("fires", []))}
        for about, wanted in TABLE["cases"].items()
    ]
    file = {"rule_files": ["rules.yaml"], "evaluation_interval": "30s", "tests": tests}
    (folder / "test.yaml").write_text(json.dumps(file))
    said = promtool(folder, "test", "rules", "test.yaml")
    assert said.returncode == 0, said.stdout + said.stderr


def test_every_alert_has_a_case() -> None:
    fired = {name for wanted in TABLE["cases"].values() for name in wanted.get("fires", [])}
    assert fired == {rule["alert"] for rule in rules()["groups"][0]["rules"]}
