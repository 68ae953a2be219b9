"""Family 4, RayCronJobs (KubeRay 1.6): when they run, and what reaches the RayJobs they make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from generator.fleet import Platform, Workload
from generator.rules.cel import Cel, quoted
from generator.rules.family4_common import gate_open, on_volcano, open_the_gate
from generator.rules.registry import Finding, Scope, rule

FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 6))
"""The fields of a schedule with their bounds (robfig/cron ``ParseStandard``): Sunday is 0, and 7 is refused."""
DESCRIPTORS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAMES = {
    "month": {name: number for number, name in enumerate(_MONTHS, start=1)},
    "day of week": {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))},
}
LONGEST_MONTH = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
_EVERY = r"@every \+?(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))*"
_ZONE = r"(?:CRON_)?TZ=(\S*) +"


def _cel_field(numbers: str, names: str = "") -> str:
    """A pattern for a field of a schedule, less than the parser asks: ranges may run backwards."""
    value = rf"(\+?0*({numbers}){f'|(?i:{names})' if names else ''})"
    part = rf"([*?](-[^-/, ]*)?|{value}(-{value})?)(/\+?0*[1-9][0-9]*)?"
    return rf"(,*{part}(,+{part})*,*|,+)"


_CEL_FIELDS = (
    _cel_field("[0-5]?[0-9]"),
    _cel_field("[01]?[0-9]|2[0-3]"),
    _cel_field("[1-9]|[12][0-9]|3[01]"),
    _cel_field("[1-9]|1[0-2]", "|".join(NAMES["month"])),
    _cel_field("[0-6]", "|".join(NAMES["day of week"])),
)
_SPACE = r"\s+"
_CEL_SCHEDULE = (
    rf"^((CRON_)?TZ=[^ ]* +)?(@({'|'.join(each[1:] for each in DESCRIPTORS)})|"
    r"@every [-+]?((([0-9]+[.]?[0-9]*|[.][0-9]+)(ns|us|\x{b5}s|\x{3bc}s|ms|s|m|h))+|0)|"
    rf"\s*{_SPACE.join(_CEL_FIELDS)})\s*$"
)


class _BadFieldError(ValueError):
    """A field of a schedule that cannot be read; says why."""


def _number(text: str, field: str) -> int:
    names = NAMES.get(field, {})
    if text.lower() in names:
        return names[text.lower()]
    if not re.fullmatch(r"\+?\d+", text, re.ASCII):
        raise _BadFieldError(f'"{text}" is no {field}')
    return int(text)


def _values(part: str, field: str, low: int, high: int) -> tuple[set[int], bool]:
    """What one part of a field stands for, and whether it is a plain star."""
    span, slash, step_text = part.partition("/")
    ends = span.split("-")
    if len(ends) > 2 or "/" in step_text:
        raise _BadFieldError(f'"{part}" is no range of {field}')
    star = ends[0] in ("*", "?")
    first = low if star else _number(ends[0], field)
    last = high if star else _number(ends[-1], field)
    step = _number(step_text, "step") if slash else 1
    if slash and len(ends) == 1:
        last = high
    if step == 0:
        raise _BadFieldError(f'"{part}" has the step 0')
    if first < low or last > high or first > last:
        raise _BadFieldError(f'"{part}" is not within {low} and {high} for {field}')
    return set(range(first, last + 1, step)), star and step == 1


def schedule_problem(text: str) -> str:
    """What is wrong with a schedule, empty if the operator can read it and it comes round (robfig/cron
    ``parser.go``)."""
    spec = re.sub(_ZONE, "", text, count=1) if text.startswith(("TZ=", "CRON_TZ=")) else text
    if spec.startswith("@"):
        return "" if spec in DESCRIPTORS or re.fullmatch(_EVERY, spec, re.ASCII) else f'knows no "{spec}"'
    words = spec.split()
    if len(words) != 5:
        return f"has {len(words)} fields instead of five"
    fields: list[set[int]] = []
    stars: list[bool] = []
    try:
        for word, (field, low, high) in zip(words, FIELDS, strict=True):
            parts = [_values(part, field, low, high) for part in word.split(",") if part]
            fields.append(set().union(*(values for values, _ in parts)))
            stars.append(any(star for _, star in parts))
    except _BadFieldError as error:
        return f"cannot be read: {error}"
    return "" if _comes_round(fields, stars) else "names a time that never comes"


def _comes_round(fields: list[set[int]], stars: list[bool]) -> bool:
    minutes, hours, days, months, weekdays = fields
    if not (minutes and hours and months):
        return False
    on_some_day = any(min(days, default=32) <= LONGEST_MONTH.get(month, 31) for month in months)
    if stars[2] or stars[4]:
        return on_some_day and bool(weekdays)
    return on_some_day or bool(weekdays)


def _cron(workload: Workload) -> bool:
    return workload.kind == "RayCronJob"


@rule(
    "OB409",
    "queue, priority class and labels of a scheduled job do not reach its runs",
    Scope.JOB,
    source="raycronjob_controller.go constructRayJob",
    since="1.6",
)
def cron_labels(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """A RayCronJob's template has a spec and no metadata: the RayJobs it makes carry none of its labels. Under
    Volcano they run in the queue ``default`` with no priority class, whatever the file says. Submit such jobs from
    outside, or let them use ``default``."""
    lost = ("volcano.sh/queue-name", "ray.io/priority-class-name")
    for label in lost if _cron(workload) and on_volcano(platform) else ():
        value = workload.labels.get(label)
        if value and value != "default":
            where = workload.span(("metadata", "labels", label))
            yield Finding(f'the runs of "{workload.name}" will not have {label.partition("/")[2]} "{value}"', where)


@rule(
    "OB497",
    "the schedule is none the operator can keep",
    Scope.JOB,
    cel=(
        Cel(("RayCronJob",), f"object.spec.schedule.matches({quoted(_CEL_SCHEDULE)})"),
        Cel(("RayCronJob",), "!object.spec.schedule.contains('TZ')", since="1.7"),
    ),
    source="validation.go ValidateRayCronJobSpec; robfig/cron parser.go",
    since="1.6",
)
def schedule_invalid(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """Five fields: minute, hour, day of month, month, day of week (0 to 6, Sunday is 0). The operator refuses
    others with an Event and never runs the job; a time that never comes (30 February) makes it start jobs without
    end. From KubeRay 1.7 on the zone goes into ``timeZone``, not into the schedule."""
    text = str(workload.object.get("spec", "schedule") or "")
    problem = schedule_problem(text) if _cron(workload) else ""
    if _cron(workload) and not problem and "TZ" in text and platform.versions.at_least("kuberay", "1.7"):
        problem = "names a time zone; use timeZone"
    if problem:
        yield Finding(f'the schedule "{text}" {problem}', workload.span(("spec", "schedule")))


@cache
def _zones() -> frozenset[str]:
    import zoneinfo  # here: few fleets name a time zone, and every run would load it

    return frozenset(zoneinfo.available_timezones())


def zone_problem(name: Any) -> str:
    """What is wrong with a time zone; empty if nothing is, or if this machine has no time zone data to tell."""
    if name == "":
        return "is empty"
    known = _zones()
    return "" if not known or name in known or name in ("UTC", "Local") else "is no IANA time zone"


@rule(
    "OB498",
    "no such time zone",
    Scope.JOB,
    cel=Cel(("RayCronJob",), "object.spec.?timeZone.orValue('UTC') != ''", since="1.7"),
    source="validation.go ValidateRayCronJobSpec",
    since="1.6",
)
def zone_unknown(workload: Workload) -> Iterator[Finding]:
    """The operator looks the name up among the IANA time zones and refuses others with an Event. Write it as in
    ``Europe/Berlin``; without one the operator's own zone counts, mostly UTC."""
    if not _cron(workload):
        return
    name = workload.object.get("spec", "timeZone")
    if name is not None and (problem := zone_problem(name)):
        yield Finding(f'timeZone "{name}" {problem}', workload.span(("spec", "timeZone")))
    found = re.match(r"(?:CRON_)?TZ=(\S*)", str(workload.object.get("spec", "schedule") or ""))
    if found and found[1] and (problem := zone_problem(found[1])):
        yield Finding(f'the schedule\'s time zone "{found[1]}" {problem}', workload.span(("spec", "schedule")))


@rule(
    "OB499",
    "a scheduled job needs the feature gate RayCronJob",
    Scope.JOB,
    source="main.go, features.go",
    since="1.6",
)
def cron_gate(workload: Workload, platform: Platform) -> Iterator[Finding]:
    """With the gate off the operator does not look at RayCronJobs at all: no Event, no job. OneBlock's operator has
    it on; remove ``RayCronJob: false`` from ``operator.featureGates``."""
    if _cron(workload) and not gate_open(platform, "RayCronJob"):
        where = workload.span(("spec", "schedule"), key=True)
        yield Finding(f'"{workload.name}" would never run: the gate is off', where, help=open_the_gate("RayCronJob"))
