"""The table of rules and the loop that runs them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from generator.diagnostics import Diagnostic, Label, Level, Span
from generator.fleet import Namespace, Platform, Workload
from generator.rules.cel import Cel, Kind, Policy, PolicyRule
from generator.schema.versions import Versions


class Scope(Enum):
    """What a rule looks at: its function is called once for each such thing.

    The value names what the function may ask for, by parameter name, the way pytest hands out fixtures.
    """

    PLATFORM = ("platform",)
    QUEUE = ("queue", "platform")
    NAMESPACE = ("namespace", "platform")
    WORKLOAD = ("workload", "namespace", "platform")
    CLUSTER = ("cluster", "workload", "namespace", "platform")
    JOB = ("job", "workload", "namespace", "platform")
    SERVICE = ("service", "workload", "namespace", "platform")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found, before it has its code."""

    message: str
    span: Span
    label: str = ""
    notes: tuple[str, ...] = ()
    help: str = ""
    related: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ``code``, a title for people, the scope, the function, and the policy made of it, if any.

    ``source`` names where the real component has the rule; ``since`` is the first KubeRay version that has it,
    ``until`` the first that has it no more; empty means always."""

    code: str
    title: str
    scope: Scope
    check: Callable[..., Iterable[Finding]]
    level: Level = Level.ERROR
    cel: tuple[Cel, ...] = ()
    source: str = ""
    since: str = ""
    until: str = ""
    wants: tuple[str, ...] = ()

    @property
    def family(self) -> int:
        """The hundred the code belongs to."""
        return int(self.code[2])

    @property
    def explanation(self) -> str:
        """The function's docstring: why the rule is, what happens without it, what to do."""
        return inspect.getdoc(self.check) or ""

    def applies(self, versions: Versions) -> bool:
        """Whether the pinned KubeRay has it."""
        return _within(versions, self.since, self.until)


_RULES: dict[str, Rule] = {}
Check = TypeVar("Check", bound=Callable[..., Iterable[Finding]])


def rule(
    code: str,
    title: str,
    scope: Scope,
    *,
    level: Level = Level.ERROR,
    cel: Cel | tuple[Cel, ...] = (),
    source: str = "",
    since: str = "",
    until: str = "",
) -> Callable[[Check], Check]:
    """Puts a function into the table.

    The function's parameters are names of its scope (``cluster``, ``workload``, ``namespace``, ``platform`` …), as many
    as it needs. Raises ValueError for a code that is taken or a parameter that the scope does not have.
    """

    def register(check: Check) -> Check:
        wants = tuple(inspect.signature(check).parameters)
        if code in _RULES:
            raise ValueError(f"rule {code} is there twice")
        if strange := set(wants) - set(scope.value):
            raise ValueError(
                f"rule {code} asks for {', '.join(sorted(strange))}; its scope has {', '.join(scope.value)}"
            )
        cels = cel if isinstance(cel, tuple) else (cel,)
        _RULES[code] = Rule(code, title, scope, check, level, cels, source, since, until, wants)
        return check

    return register


def all_rules() -> list[Rule]:
    """Every rule, by code."""
    return [_RULES[code] for code in sorted(_RULES)]


def policies(versions: Versions, *, policy: Policy = "ray-rules") -> list[PolicyRule]:
    """What the admission policy ``policy`` checks under the pinned versions, one entry a rule and kind, by code."""
    return [
        PolicyRule(each.code, kind, cel.for_kind(kind), f"{each.code}: {each.title}")
        for each in all_rules()
        if each.applies(versions)
        for cel in each.cel
        if cel.policy == policy and _within(versions, cel.since, cel.until)
        for kind in cel.kinds
        if kind != "RayCronJob" or versions.at_least("kuberay", "1.6")
    ]


def check_platform(platform: Platform, rules: Sequence[Rule] | None = None) -> list[Diagnostic]:
    """What is wrong in the platform file by itself, by ``rules`` (all of them by default)."""
    table = _table(platform.versions) if rules is None else _grouped(rules, platform.versions)
    found = list(_run(table[Scope.PLATFORM], platform=platform))
    for queue in platform.queues.values():
        found += _run(table[Scope.QUEUE], queue=queue, platform=platform)
    return found


def check_namespace(namespace: Namespace, rules: Sequence[Rule] | None = None) -> list[Diagnostic]:
    """What is wrong in a namespace file under its platform, by ``rules`` (all of them by default)."""
    platform = namespace.platform
    table = _table(platform.versions) if rules is None else _grouped(rules, platform.versions)
    found = list(_run(table[Scope.NAMESPACE], namespace=namespace, platform=platform))
    for workload in namespace.workloads:
        found += _check_workload(workload, table, {"workload": workload, "namespace": namespace, "platform": platform})
    return found


def _check_workload(
    workload: Workload, table: dict[Scope, tuple[Rule, ...]], what: dict[str, Any]
) -> Iterator[Diagnostic]:
    yield from _run(table[Scope.WORKLOAD], **what)
    cluster = workload.cluster
    if cluster is not None:
        yield from _run(table[Scope.CLUSTER], cluster=cluster, **what)
    if workload.job_path is not None:
        yield from _run(table[Scope.JOB], job=workload.job, **what)
    if workload.kind == "RayService":
        yield from _run(table[Scope.SERVICE], service=workload.spec, **what)


def _within(versions: Versions, since: str, until: str) -> bool:
    if since and not versions.at_least("kuberay", since):
        return False
    return not (until and versions.at_least("kuberay", until))


def _grouped(rules: Iterable[Rule], versions: Versions) -> dict[Scope, tuple[Rule, ...]]:
    chosen = [each for each in rules if each.applies(versions)]
    return {scope: tuple(each for each in chosen if each.scope is scope) for scope in Scope}


@cache
def _table(versions: Versions) -> dict[Scope, tuple[Rule, ...]]:
    """The rules of a set of versions by scope: worked out once, not once a namespace."""
    return _grouped(all_rules(), versions)


def _run(rules: Iterable[Rule], **what: Any) -> Iterator[Diagnostic]:
    for each in rules:  # positional: this line runs 400 times a namespace
        for finding in each.check(*[what[name] for name in each.wants]):
            yield _diagnostic(each, finding)


def _diagnostic(by: Rule, finding: Finding) -> Diagnostic:
    return Diagnostic(
        code=by.code,
        message=finding.message,
        span=finding.span,
        label=finding.label,
        level=by.level,
        notes=finding.notes,
        help=finding.help,
        related=finding.related,
    )


__all__ = [
    "Cel",
    "Finding",
    "Kind",
    "PolicyRule",
    "Rule",
    "Scope",
    "all_rules",
    "check_namespace",
    "check_platform",
    "policies",
    "rule",
]
