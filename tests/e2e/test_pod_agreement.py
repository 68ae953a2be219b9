"""OneBlock and a real API server give the same verdict on pods: what one refuses, the other refuses.

Each case is a few fields of a pod template (``tests/pods``, and more by Hypothesis). OneBlock checks the namespace file
it stands in; the real chart renders it, and every pod template of what comes out is handed to the API server as a bare
Pod (``--dry-run=server``).
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.diagnostics import has_errors
from generator.fleet import Namespace
from generator.rules import check_namespace
from generator.schema import check
from tests.e2e.kube import Kube
from tests.pods import LEVELS, TABLE, Case, namespace_of, pods
from tests.pods.made_up import FIELDS

Matrix = Counter[tuple[str, bool, bool]]


def ours(namespace: Namespace) -> str:
    """What OneBlock finds wrong; empty if it takes the file."""
    found = check(namespace.document, "namespace", namespace.platform.versions)
    found = found if has_errors(found) else check_namespace(namespace)
    return "; ".join(f"{each.code} {each.message}" for each in found if has_errors([each]))


def theirs(api: Kube, namespace: Namespace) -> str:
    """What the API server says against the pods; empty if it takes them."""
    path = f"/api/v1/namespaces/{namespace.name}/pods?dryRun=All&fieldValidation=Strict"
    for pod in pods(namespace):
        status, answer = api.request("POST", path, pod)
        if status >= 300:
            return str(answer.get("message", answer))
    return ""


@pytest.fixture(scope="module")
def server(api: Kube) -> Kube:
    """The API server with a namespace for each Pod Security level."""
    for level in LEVELS:
        labels = {"pod-security.kubernetes.io/enforce": level}
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"pods-{level}", "labels": labels}})
        account = {"name": "default", "namespace": f"pods-{level}"}
        api.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    return api


def test_verdicts_are_the_same(server: Kube, capsys: pytest.CaptureFixture[str]) -> None:
    matrix: Matrix = Counter()
    strict: set[str] = set()
    wrong: list[str] = []
    for level in LEVELS:
        for column, found in TABLE.items():
            for about, case in found.items():
                namespace = namespace_of(case, level)
                we, they = ours(namespace), theirs(server, namespace)
                matrix[level, bool(we), bool(they)] += 1
                as_meant = level != "baseline" or bool(they) == (column == "refused")
                if column == "strict" and we and not they:
                    strict.add(about)
                elif bool(we) != bool(they) or not as_meant:
                    wrong.append(
                        f"[{level}] {column}: {about}\n  OneBlock: {we or 'takes it'}\n  server: {they or 'takes it'}"
                    )
    with capsys.disabled():
        print(shown(matrix))
    assert not wrong, f"{len(wrong)} disagreements:\n" + "\n".join(wrong)
    assert strict == set(TABLE["strict"])


def shown(matrix: Matrix) -> str:
    """The confusion matrix; the column of what only OneBlock refuses is the strict part of the table."""
    lines = ["", f"{'':24}{'server accepts':>16}{'server refuses':>16}"]
    for level in LEVELS:
        for we in (False, True):
            counts = "".join(f"{matrix[level, we, they]:>16}" for they in (False, True))
            lines.append(f"{level:10} OneBlock {'no' if we else 'yes':4}{counts}")
    return "\n".join(lines)


@given(case=FIELDS, level=st.sampled_from(LEVELS))
@settings(max_examples=400)
def test_verdicts_on_made_up_fields_are_the_same(server: Kube, case: Case, level: str) -> None:
    namespace = namespace_of(case, level)
    we, they = ours(namespace), theirs(server, namespace)
    if we.startswith("OB359 "):
        return  # a few bytes of memory: the server takes them
    assert bool(we) == bool(they), f"OneBlock: {we or 'takes it'}\nserver: {they or 'takes it'}"
