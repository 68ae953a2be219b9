"""Family 3: pod templates, where the pods may go: tolerations, selectors, spread, priority."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.diagnostics import Path
from generator.fleet import Platform, Workload
from generator.fleet.plain import as_list, as_map
from generator.fleet.pods import entries
from generator.rules.family4_common import label_key_problem, label_value_problem
from generator.rules.registry import Finding, Scope, rule


def _tolerations(workload: Workload) -> Iterator[tuple[str, dict[str, Any], Path]]:
    """Every toleration of every pod; the short form has them too."""
    for group in workload.cluster.groups if workload.cluster is not None else ():
        if group.pod.get("tolerations"):
            what = "the head group" if group.role == "head" else f'worker group "{group.name}"'
            for each, path in entries(group.pod, (*group.path, "template", "spec"), "tolerations"):
                yield what, each, path
    for pod in workload.pods:
        for each, path in entries(pod.spec, pod.at, "tolerations") if pod.submits else ():
            yield pod.what, each, path


@rule("OB355", "a toleration contradicts itself", Scope.WORKLOAD, source="Kubernetes ValidateTolerations")
def toleration_contradicts(workload: Workload) -> Iterator[Finding]:
    """``operator: Exists`` takes no value, without a key nothing but Exists makes sense, and only ``NoExecute`` knows
    ``tolerationSeconds``. The API server refuses the pods otherwise. Take the field away that does not belong."""
    for what, each, path in _tolerations(workload):
        exists = each.get("operator") == "Exists"
        if not each.get("key") and not exists:
            yield Finding(f"a toleration of {what} without a key needs operator: Exists", workload.span(path))
        if exists and each.get("value"):
            yield Finding(f"a toleration of {what} with operator Exists has a value", workload.span((*path, "value")))
        if each.get("tolerationSeconds") is not None and each.get("effect") != "NoExecute":
            told = f"a toleration of {what} has tolerationSeconds, and its effect is not NoExecute"
            yield Finding(told, workload.span((*path, "tolerationSeconds")))


_VALUES = {"In": "values", "NotIn": "values", "Exists": "no values", "DoesNotExist": "no values"}
_VALUES |= {"Gt": "one value", "Lt": "one value"}
Selector = tuple[dict[str, Any], Path]


def _selectors(value: Any, path: Path) -> Iterator[Selector]:
    """Every entry of ``matchExpressions`` and ``matchFields`` anywhere below."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key in ("matchExpressions", "matchFields"):
                yield from entries(value, path, key)
            else:
                yield from _selectors(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _selectors(each, (*path, index))


@rule(
    "OB356",
    "a selector has the wrong values for its operator",
    Scope.WORKLOAD,
    source="Kubernetes ValidateNodeSelectorRequirement",
)
def selector_values(workload: Workload) -> Iterator[Finding]:
    """In and NotIn compare with values, Exists and DoesNotExist with none, Gt and Lt with one number; keys and
    required values have the form of labels, and of a node's own fields there is only ``metadata.name``. The API
    server refuses the pods otherwise. Add or remove the values."""
    for pod in workload.pods:
        for field in ("affinity", "topologySpreadConstraints"):
            for each, path in _selectors(pod.spec.get(field), (*pod.at, field)):
                if problem := _selector_problem(each, path):
                    yield Finding(f"a selector of {pod.what} {problem}", workload.span(path))


def _selector_problem(each: dict[str, Any], path: Path) -> str:
    operator, values, key = str(each.get("operator")), as_list(each.get("values")), str(each.get("key"))
    if path[-2] == "matchFields":
        if key != "metadata.name" or operator not in ("In", "NotIn") or len(values) != 1:
            return "by a node's field can only say metadata.name, In or NotIn, and one name"
        return ""
    wanted = _VALUES.get(operator, "")
    fits = {"values": bool(values), "no values": not values, "one value": len(values) == 1}.get(wanted, True)
    if not fits:
        return f"with operator {operator} needs {wanted}"
    if problem := label_key_problem(key):
        return f'has the key "{key}", which {problem}'
    if "nodeAffinity" in path and "preference" not in path:
        bad = next((value for value in values if label_value_problem(value)), None)
        return f'has the value "{bad}", which {label_value_problem(bad)}' if bad is not None else ""
    return ""


@rule(
    "OB357",
    "a spread constraint contradicts itself or another",
    Scope.WORKLOAD,
    source="Kubernetes validateTopologySpreadConstraints",
)
def spread_contradicts(workload: Workload) -> Iterator[Finding]:
    """A pod is spread over a topology once for each ``whenUnsatisfiable``, ``minDomains`` counts only with
    DoNotSchedule, and ``matchLabelKeys`` adds to a ``labelSelector`` keys that it does not have. The API server
    refuses the pods otherwise. Merge the two constraints, or take the field away."""
    for pod in workload.pods:
        seen: set[tuple[Any, Any]] = set()
        for each, path in entries(pod.spec, pod.at, "topologySpreadConstraints"):
            key, action = each.get("topologyKey"), each.get("whenUnsatisfiable")
            if (key, action) in seen:
                told = f'{pod.what} has two spread constraints with {action} over "{key}"'
                yield Finding(told, workload.span((*path, "topologyKey")))
            seen.add((key, action))
            if each.get("minDomains") is not None and action != "DoNotSchedule":
                told = f"a spread constraint of {pod.what} has minDomains, and {action}"
                yield Finding(told, workload.span((*path, "minDomains")))
        for field in ("affinity", "topologySpreadConstraints"):
            for each, path in _with_label_keys(pod.spec.get(field), (*pod.at, field)):
                if problem := _label_keys_problem(each):
                    key = "matchLabelKeys" if each.get("matchLabelKeys") else "mismatchLabelKeys"
                    yield Finding(f"{key} of {pod.what} {problem}", workload.span((*path, key)))


def _with_label_keys(value: Any, path: Path) -> Iterator[Selector]:
    """Every map below that has ``matchLabelKeys`` or ``mismatchLabelKeys``."""
    if isinstance(value, dict):
        if value.get("matchLabelKeys") or value.get("mismatchLabelKeys"):
            yield value, path
        for key, each in value.items():
            yield from _with_label_keys(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _with_label_keys(each, (*path, index))


def _label_keys_problem(each: dict[str, Any]) -> str:
    selector, keys = each.get("labelSelector"), {*as_list(each.get("matchLabelKeys"))}
    if not isinstance(selector, dict):
        return "needs a labelSelector"
    terms = [term for term in as_list(selector.get("matchExpressions")) if isinstance(term, dict)]
    known = {*as_map(selector.get("matchLabels")), *(str(term.get("key")) for term in terms)}
    if both := keys & known:
        return f"and its labelSelector both have {', '.join(sorted(both))}"
    both = keys & {*as_list(each.get("mismatchLabelKeys"))}
    return f"and mismatchLabelKeys both have {', '.join(sorted(both))}" if both else ""


@rule(
    "OB358",
    "a pod's priority comes from its priority class",
    Scope.WORKLOAD,
    source="Kubernetes admission plugin Priority",
)
def priority_by_hand(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """``priority`` and ``preemptionPolicy`` are filled in from the PriorityClass; the API server refuses a pod that
    says another number or policy. Remove them and write ``priorityClassName``."""
    classes = as_map(platform.at("global", "priorityClasses"))
    for pod in workload.pods:
        name = pod.spec.get("priorityClassName") or workload.labels.get("ray.io/priority-class-name")
        declared = as_map(classes.get(str(name)))
        if name and not declared:
            continue
        given, policy = pod.spec.get("priority"), pod.spec.get("preemptionPolicy")
        if given is not None and given != declared.get("value", 0):
            yield Finding(f"{pod.what} sets priority {given} by hand", workload.span((*pod.at, "priority")))
        if policy is not None and policy != declared.get("preemptionPolicy", "PreemptLowerPriority"):
            told = f"{pod.what} sets preemptionPolicy {policy} by hand"
            yield Finding(told, workload.span((*pod.at, "preemptionPolicy")))
