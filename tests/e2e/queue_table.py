"""Asks OneBlock and a cluster about the same queues, one at a time, and keeps what each of them said."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.kube import Kube, until
from tests.e2e.queue_values import refusals, rendered, written_by_hand
from tests.e2e.volcano import QUEUES

Step = tuple[str, Mapping[str, Any]]
VOLCANOS = ("default", "root", "nowhere")  # names that are the same for every case

STRICTER = {
    r"OB508 ": "default is Volcano's own object: OneBlock does not write it, so the setting would be lost",
    r"OB511 ": "no node would be left for the queue: accepted, and nothing in it is ever placed",
    r"OB521 ": "whatever names no queue is in default: with a queue below it, scheduling stops for the whole cluster",
    r"OB522 ": "a circle ends Volcano's scheduler; the webhook only sees a queue that is its own parent",
    r'OB205 "root" cannot be a queue name': "root is Volcano's own object",
    r'OB205 "\S+" cannot be a queue name': "a queue's name is a label of workloads, 63 characters at most",
    r'OB205 "weight" .* at least 1, not 0': "Volcano makes 1 of it without a word",
    r'OB205 .* quantity, not "\+1"': "a sign says nothing",
    r"OB204 unknown field .* amounts": "Volcano does not count what Kubernetes knows no such resource of",
}
"""What OneBlock refuses and the cluster takes, on purpose: what OneBlock says, and the reason."""


@dataclass(frozen=True)
class Answer:
    """What both said of one object. Empty means accepted."""

    case: str
    step: Step
    oneblock: tuple[str, ...]
    cluster: str

    @property
    def reason(self) -> str:
        """Why OneBlock is stricter here; empty where both agree or where there is no reason."""
        if self.cluster or not self.oneblock:
            return ""
        reasons = [next((why for said, why in STRICTER.items() if re.match(said, each)), "") for each in self.oneblock]
        return " ".join(dict.fromkeys(reasons)) if all(reasons) else ""

    @property
    def agreed(self) -> bool:
        """Whether both accept or both refuse."""
        return bool(self.oneblock) == bool(self.cluster)

    def __str__(self) -> str:
        name, spec = self.step
        said = "; ".join(self.oneblock) or "accepts"
        return f"{self.case}: {name}: {dict(spec)}\n    OneBlock: {said}\n    cluster:  {self.cluster or 'accepts'}"


@dataclass
class Table:
    """All answers, and how to get more."""

    kube: Kube
    folder: Path
    answers: list[Answer] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def ask(self, case: str, steps: Iterable[Step]) -> list[Answer]:
        """Gives the steps to both, each on top of what both accepted before; ends where they part."""
        prefix = f"c{next(self._numbers)}-"
        state: dict[str, Mapping[str, Any]] = {}
        found = []
        for name, spec in steps:
            name, spec = _renamed(prefix, name, spec)
            wanted = {**state, name: spec}
            refused = tuple(refusals(self.folder, wanted))
            manifest = written_by_hand(name, spec) if refused else rendered(wanted)[name]
            answer = Answer(case, (name, spec), refused, self._apply(manifest))
            found.append(answer)
            if not answer.agreed:
                break
            if not refused:
                self._seen(name, known=name in state)
                state = wanted
        self.answers += found
        return found

    def _apply(self, manifest: Mapping[str, Any]) -> str:
        """Applies it as GitOps engines do; what the cluster has against it."""
        path = f"{QUEUES}/{manifest['metadata']['name']}?fieldManager=test&force=true&fieldValidation=Strict"
        status, answer = self.kube.request("PATCH", path, manifest, content_type="application/apply-patch+yaml")
        if status in (200, 201):
            return ""
        # The server's word for what is not of the schema's type, which it finds out while merging.
        assert status in (400, 422) or "failed to create typed patch object" in answer["message"], answer
        return str(answer["message"])

    def _seen(self, name: str, *, known: bool) -> None:
        """Waits until the webhook, which reads a cache, has seen that queue's creation or change.

        The cache follows one stream: what was written before a queue that it has, it has too.
        """
        if known:
            name = f"{name}-{next(self._numbers)}"
            assert self._apply(written_by_hand(name, {})) == ""
        child = written_by_hand("probe", {"parent": name})

        def found() -> bool:
            status, answer = self.kube.request("POST", f"{QUEUES}?dryRun=All", child)
            return status == 201 or "not found" not in answer["message"]

        until(f"the webhook sees {name}", found, 20, 0.005)

    def matrix(self) -> str:
        """The confusion matrix, and where OneBlock is stricter on purpose."""
        reasons = Counter(each.reason for each in self.answers if each.reason)
        counts = Counter((bool(each.oneblock), bool(each.cluster)) for each in self.answers if not each.reason)
        lines = [
            f"{len(self.answers)} queue objects",
            f"{'':22}{'cluster accepts':>16}{'cluster refuses':>16}",
            *(
                f"{said:22}{counts[refused, False]:>16}{counts[refused, True]:>16}"
                for said, refused in (("OneBlock accepts", False), ("OneBlock refuses", True))
            ),
            f"stricter on purpose: {sum(reasons.values())}",
            *(f"  {count} × {reason}" for reason, count in reasons.most_common()),
        ]
        return "\n".join(lines)

    @property
    def disagreements(self) -> list[Answer]:
        """What is off the diagonal without a reason."""
        return [each for each in self.answers if not each.agreed and not each.reason]


def _renamed(prefix: str, name: str, spec: Mapping[str, Any]) -> Step:
    """The step with names that no other case has, so that no case has to clean up."""

    def own(queue: str) -> str:
        return queue if queue in VOLCANOS or not queue else f"{prefix}{queue}"

    renamed = {**spec, "parent": own(spec["parent"])} if "parent" in spec else spec
    return own(name), renamed
