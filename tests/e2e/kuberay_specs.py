"""The cases of the tables and of the rules' own examples, as values files and as the objects they become."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from generator.commands.fleet_files import find_clusters
from generator.commands.validate import validate
from generator.diagnostics import Level
from generator.fleet import Platform, open_namespace
from generator.helm import Engine, HelmError, open_engine
from generator.plan import namespace_releases
from generator.rules import all_rules, check_namespace
from generator.schema import Versions
from generator.source import Document, read
from tests.e2e import kuberay_cases

KINDS = {"C": "RayCluster", "J": "RayJob", "S": "RayService", "N": "RayCronJob"}
SECTION = {"RayCluster": "rayClusters", "RayJob": "rayJobs", "RayService": "rayServices", "RayCronJob": "rayJobs"}
VERSIONS = Versions(kubernetes="1.36", kuberay="1.6.2", ray="2.60.0", volcano="1.14.1")
EXAMPLES = Path(__file__).parents[1] / "rules"

CLUSTER: dict[str, Any] = {
    "head": {"cpu": 1, "memory": "2Gi"},
    "workerGroups": {"cpu": {"replicas": 1, "cpu": 1, "memory": "1Gi"}},
}
JOB = {"entrypoint": "python -c pass", "rayCluster": CLUSTER}
BASES: dict[str, dict[str, Any]] = {
    "RayCluster": CLUSTER,
    "RayJob": JOB,
    "RayService": {"rayCluster": CLUSTER},
    "RayCronJob": JOB | {"schedule": "* * * * *"},
}
MAIN = "main"
"""The RayCluster that jobs run on which bring none."""

SETTINGS = {
    "plain": "{}",
    "closed": "{RayJobDeletionPolicy: false, RayCronJob: false}",
    "volcano": "{}",
    "incremental": "{RayServiceIncrementalUpgrade: true}",
}
"""How the operator is set up → what the platform file says of its feature gates."""

EXAMPLE_SETTINGS = {
    "OB409": "volcano",
    "OB409/near": "volcano",
    "OB418": "closed",
    "OB478": "closed",
    "OB488": "volcano",
    "OB494": "incremental",
    "OB494/near": "incremental",
    "OB495/near": "incremental",
    "OB499": "closed",
}
"""The examples that are about an operator set up otherwise."""
NEWER_EXAMPLES = ("OB498",)
"""Rules this KubeRay has, whose examples are in the words of a newer one."""
DELETION = re.compile(r"\b(Delete\w+)@(\w+)(?:\+(-?\d+))?")


@dataclass(frozen=True, eq=False)
class Case:
    """One entry of a values file that is for a namespace of its own.

    ``expected`` is the code of OneBlock's finding, empty if it shall have none.
    """

    title: str
    kind: str
    setting: str
    namespace: str
    name: str
    values: dict[str, Any]
    expected: str
    rules_only: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.title}"


def cases() -> list[Case]:
    """All of them."""
    return [*_tables(), *_names(), *_examples()]


def _rows(table: str) -> Iterator[tuple[str, str, str, str]]:
    for line in table.strip().splitlines():
        kinds, expected, title, change = (part.strip() for part in line.split("|", 3))
        yield kinds, "" if expected == "ok" else expected, title, change


def _tables() -> Iterator[Case]:
    tables = (
        ("clusters", "plain", kuberay_cases.CLUSTERS),
        ("jobs", "plain", kuberay_cases.JOBS),
        ("services", "plain", kuberay_cases.SERVICES),
        ("schedules", "plain", kuberay_cases.SCHEDULES),
        ("upgrades", "incremental", kuberay_cases.UPGRADES),
        ("closed", "closed", kuberay_cases.CLOSED),
        ("gangs", "volcano", kuberay_cases.VOLCANO),
    )
    for table, setting, text in tables:
        for number, (kinds, expected, title, change) in enumerate(_rows(text), start=1):
            # The first kind, and one of the others in turn: what is said of a cluster is the same wherever it stands.
            for letter in kinds[0] + (kinds[1:] and kinds[1 + number % (len(kinds) - 1)]):
                kind = KINDS[letter]
                changed = _changed(change)
                if table == "clusters" and kind != "RayCluster":
                    changed = {"rayCluster": changed}
                name = f"{table}-{number}-{letter.lower()}"
                yield Case(title, kind, setting, name, name, _file(kind, name, _merged(BASES[kind], changed)), expected)


def _names() -> Iterator[Case]:
    for number, (letter, expected, title, name) in enumerate(_rows(kuberay_cases.NAMES), start=1):
        kind = KINDS[letter]
        if found := re.fullmatch("n([0-9]+)", name):
            name = "n" * int(found[1])
        yield Case(f"a name {title}", kind, "plain", f"names-{number}", name, _file(kind, name, BASES[kind]), expected)


def _changed(text: str) -> dict[str, Any]:
    for word, meaning in kuberay_cases.WORDS.items():
        text = re.sub(rf"(?<![A-Za-z0-9]){word}(?![A-Za-z0-9])", lambda _, meaning=meaning: meaning, text)  # type: ignore[misc]
    text = DELETION.sub(_deletion_rule, text)
    found: dict[str, Any] = yaml.safe_load(text if text.startswith("{") else f"{{{text}}}")
    return found


def _deletion_rule(found: re.Match[str]) -> str:
    policy, end, seconds = found.groups()
    status = "jobDeploymentStatus" if end == "Failed" else "jobStatus"
    time = f", ttlSeconds: {seconds}" if seconds else ""
    return f"{{policy: {policy}, condition: {{{status}: {end}{time}}}}}"


def _merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Maps merge; null takes away what the base has, and stays where it has nothing."""
    made = dict(base)
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = _merged(made[key], value)
        elif value is None and key in made:
            del made[key]
        else:
            made[key] = value
    return made


def _file(kind: str, name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    others = dict.fromkeys(entry.get("clusters", ()), CLUSTER)
    entry = {key: value for key, value in entry.items() if key != "clusters"}
    return {"rayClusters": others, SECTION[kind]: {name: entry}} if others else {SECTION[kind]: {name: entry}}


def _examples() -> Iterator[Case]:
    """Every entry of the examples in ``tests/rules`` whose rule this KubeRay has, with the cluster it runs on."""
    for rule in all_rules():
        if rule.family != 4 or not rule.applies(VERSIONS) or rule.code in NEWER_EXAMPLES:
            continue
        for folder in (rule.code, f"{rule.code}/near"):
            values = yaml.safe_load((EXAMPLES / folder / "namespaces" / "team.yaml").read_text(encoding="utf-8"))
            fires = not folder.endswith("near") and rule.level is Level.ERROR
            yield from _example(folder, values, rule.code if fires else "")


def _example(folder: str, values: dict[str, Any], expected: str) -> Iterator[Case]:
    clusters = values.get("rayClusters", {})
    keep = folder[:5] in ("OB401", "OB402")  # these are about names
    owners = {**values.get("rayJobs", {}), **values.get("rayServices", {})}
    for section in ("rayClusters", "rayJobs", "rayServices"):
        for number, (key, entry) in enumerate(values.get(section, {}).items(), start=1):
            if section == "rayClusters" and owners and folder[:5] not in ("OB401", "OB459"):
                continue  # only what the job runs on
            kind = {"rayClusters": "RayCluster", "rayServices": "RayService"}.get(section, "RayJob")
            kind = "RayCronJob" if kind == "RayJob" and "schedule" in entry else kind
            namespace = f"{folder.replace('/', '-').lower()}-{kind[3:].lower()}-{number}"
            name = key if keep and key != MAIN else namespace
            others = {MAIN: CLUSTER} if section == "rayJobs" and MAIN in clusters else {}
            file = {"rayClusters": others} if others else {}
            file[section] = {**file.get(section, {}), name: entry}
            setting = EXAMPLE_SETTINGS.get(folder, "plain")
            wanted = "" if section == "rayClusters" and folder[:5] == "OB459" else expected
            yield Case(f"example {folder} {key}"[:60], kind, setting, namespace, name, file, wanted, rules_only=True)


def platform(setting: str, namespaces: Mapping[str, Any]) -> dict[str, Any]:
    """The platform file of a setting."""
    return {
        "global": {
            "versions": {name: getattr(VERSIONS, name) for name in ("kubernetes", "kuberay", "ray", "volcano")},
            "batchScheduler": "volcano" if setting == "volcano" else "none",
            "namespaces": dict(namespaces),
        },
        "operator": {"featureGates": yaml.safe_load(SETTINGS[setting])},
        **({"queues": {"research": {"namespaces": sorted(namespaces)}}} if setting == "volcano" else {}),
    }


def findings(found: list[Case], root: Path) -> dict[Case, list[str]]:
    """The codes of what ``oneblock validate`` has against each case, errors only. ``root`` is for the fleets."""
    result: dict[str, list[str]] = {}  # by namespace
    for setting in SETTINGS:
        chosen = [case for case in found if case.setting == setting]
        fleet = root / setting
        (fleet / "values" / "namespaces").mkdir(parents=True)
        names: dict[str, Any] = {case.namespace: {"owners": ["team"]} for case in chosen}
        _write(fleet / "values" / "platform.yaml", platform(setting, names))
        for case in chosen:
            _write(fleet / "values" / "namespaces" / f"{case.namespace}.yaml", case.values)
        clusters, problems = find_clusters(fleet, None)
        assert not problems
        said = validate(clusters, processes=1).findings
        assert not [each for each in said if each.span.file.endswith("platform.yaml")], said
        opened = Platform(_document(fleet / "values" / "platform.yaml"))
        for case in chosen:
            path = fleet / "values" / "namespaces" / f"{case.namespace}.yaml"
            mine = [each for each in said if Path(each.span.file).name == path.name]
            if case.rules_only:  # examples are not always in the words of the schema
                found_by_rules = check_namespace(open_namespace(case.namespace, _document(path), opened))
                mine = [each for each in found_by_rules if each.code.startswith("OB4")]
            result[case.namespace] = sorted({each.code for each in mine if each.level is Level.ERROR})
    return {case: result[case.namespace] for case in found}


def _write(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(data), sort_keys=False), encoding="utf-8")


def _document(path: Path) -> Document:
    document, problems = read(path.name, path.read_bytes())
    assert document is not None, problems
    return document


def objects(found: list[Case], root: Path, charts: Path) -> dict[Case, list[dict[str, Any]] | str]:
    """What each case becomes, the object itself last, or why there is none.

    ``root`` is where ``findings`` put the fleets; ``charts`` holds a chart ``ray`` without its values schema, since
    what OneBlock refuses has to become an object too.
    """
    engine = open_engine("sdk", kube_version=VERSIONS.kubernetes)
    made: dict[Case, list[dict[str, Any]] | str] = {}
    for setting in SETTINGS:
        opened = Platform(_document(root / setting / "values" / "platform.yaml"))
        chosen = [case for case in found if case.setting == setting]
        for start in range(0, len(chosen), 40):  # together, since Helm parses the chart anew for every render
            some = chosen[start : start + 40]
            try:
                made |= _rendered(some, opened, engine, charts)
            except HelmError:
                for case in some:
                    try:
                        made |= _rendered([case], opened, engine, charts)
                    except HelmError as error:
                        made[case] = str(error)
    return made


def _rendered(some: list[Case], opened: Platform, engine: Engine, charts: Path) -> dict[Case, list[dict[str, Any]]]:
    values: dict[str, Any] = {}
    for case in some:
        for section, entries in case.values.items():
            known = values.setdefault(section, {})
            assert not (known.keys() & entries.keys()) - {MAIN}, f"{case} has the name of another"
            known |= entries
    document, problems = read("values.yaml", yaml.safe_dump(values, sort_keys=False).encode())
    assert document is not None, problems
    (release,) = namespace_releases(open_namespace(some[0].namespace, document, opened))
    texts = engine.render(charts / "ray", release.name, some[0].namespace, release.values)
    parsed = [yaml.load(text, yaml.CSafeLoader) for text in texts]
    by_name = {(each["kind"], each["metadata"]["name"]): each for each in parsed}
    return {
        case: [
            *(by_name["RayCluster", MAIN] for _ in case.values.get("rayClusters", {}).keys() & {MAIN}),
            by_name[case.kind, case.name],
        ]
        for case in some
    }
