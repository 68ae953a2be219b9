"""Every rule has a folder with a case that fires and a near case that must not.

``tests/rules/OBnnn/`` is a values tree (``platform.yaml``, else the shared one beside this file, and
``namespaces/<ns>.yaml``) with ``expected.txt``: one line a finding, ``file:line:col: level[OBnnn] message``.
``tests/rules/OBnnn/near/`` is the same kind of tree one step beside it.

A folder may have more cases: ``OBnnn/<name>/`` with an ``expected.txt`` of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.diagnostics import Diagnostic, in_order
from generator.fleet import Namespace, Platform, open_namespace
from generator.rules import Rule, all_rules, check_namespace, check_platform
from generator.source import Document, read

HERE = Path(__file__).parent
RULES = {each.code: each for each in all_rules()}
FOLDERS = {each.name: each for each in sorted(HERE.iterdir()) if each.is_dir() and each.name.startswith("OB")}
CASES = [each.parent for folder in FOLDERS.values() for each in sorted(folder.rglob("expected.txt"))]


def _read(path: Path, shown: str) -> Document:
    document, findings = read(shown, path.read_bytes())
    assert document is not None, findings
    assert not findings, findings
    return document


def platform_of(case: Path) -> Platform:
    own = case / "platform.yaml"
    return Platform(_read(own if own.exists() else HERE / "platform.yaml", "platform.yaml"))


def namespaces_of(case: Path, platform: Platform) -> Iterator[Namespace]:
    for path in sorted((case / "namespaces").glob("*.yaml")):
        yield open_namespace(path.stem, _read(path, f"namespaces/{path.name}"), platform)


def findings_of(case: Path, rules: list[Rule] | None = None) -> list[Diagnostic]:
    platform = platform_of(case)
    found = check_platform(platform, rules)
    for namespace in namespaces_of(case, platform):
        found += check_namespace(namespace, rules)
    return in_order(found)


def line(finding: Diagnostic) -> str:
    span = finding.span
    return f"{span.file}:{span.line}:{span.column}: {finding.level}[{finding.code}] {finding.message}"


@pytest.mark.parametrize("code", sorted(RULES))
def test_rule_has_a_folder(code: str) -> None:
    assert code in FOLDERS, f"tests/rules/{code}/ is missing"
    assert (FOLDERS[code] / "expected.txt").read_text(encoding="utf-8").strip()
    assert (FOLDERS[code] / "near" / "namespaces").is_dir() or (FOLDERS[code] / "near" / "platform.yaml").is_file()


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_folder_has_a_rule(name: str) -> None:
    assert name in RULES, f"there is no rule {name}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(HERE).as_posix())
def test_case(case: Path) -> None:
    assert [line(each) for each in findings_of(case)] == (case / "expected.txt").read_text(
        encoding="utf-8"
    ).splitlines()


@pytest.mark.parametrize("code", sorted(FOLDERS))
def test_near_case_is_silent(code: str) -> None:
    near = FOLDERS[code] / "near"
    assert list(namespaces_of(near, platform_of(near))) or (near / "platform.yaml").exists()
    assert [line(each) for each in findings_of(near) if each.code == code] == []


@pytest.mark.parametrize("code", sorted(FOLDERS))
def test_only_the_rule_makes_its_finding(code: str) -> None:
    """Without the rule the outcome is another one: no second rule says the same, and the case is about this one."""
    expected = (FOLDERS[code] / "expected.txt").read_text(encoding="utf-8").splitlines()
    without = [line(each) for each in findings_of(FOLDERS[code], [each for each in all_rules() if each.code != code])]
    assert any(f"[{code}]" in each for each in expected)
    assert without == [each for each in expected if f"[{code}]" not in each]


@pytest.mark.parametrize("code", sorted(RULES))
def test_rule_explains_itself(code: str) -> None:
    rule = RULES[code]
    assert len(rule.explanation.split()) >= 12, "say why, what happens without it, and what to do"
    assert rule.title
    assert not rule.title.endswith(".")
    if code.startswith("OB4"):
        assert rule.source, "name the file of KubeRay that has the rule"
