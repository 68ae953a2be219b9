"""Asks everybody about every case: OneBlock, the admission policies, the API server with both CRDs, the operator."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from generator.charts import generate, write
from generator.charts.crds import crds
from generator.helm import open_engine
from tests.e2e import kuberay_operator, kuberay_specs
from tests.e2e.kube import until
from tests.e2e.kuberay_operator import LAST, PLURALS, RAY, Namespace, Verdict
from tests.e2e.kuberay_specs import MAIN, SETTINGS, VERSIONS, Case
from tests.e2e.lab.cluster import Lab

UPSTREAM = "upstream.ray.io"
"""The group that upstream's CRDs get here, so that they can be asked beside ours."""
POLICED = "policed"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PATIENCE = 600
GIVE_UP, ASK_AGAIN, NO_NEWS = 900, 10, 30
"""Seconds for the operator; how long nothing may have changed before it is asked to look again at what it said nothing
of, and how long after that before the rest counts as never."""
Object = dict[str, Any]


@dataclass
class Answers:
    """What everybody says of one case. Where there is no object, nobody but OneBlock is asked."""

    codes: list[str]
    unrendered: str = ""
    policy: str = ""
    api: str = ""
    upstream: str | None = None
    verdict: Verdict = field(default_factory=lambda: Verdict("nothing", "not created"))

    @property
    def denied(self) -> str:
        """The code with which the policy denies, empty if it does not."""
        found = re.search(r"denied request: (OB\d{3})", self.policy)
        return found[1] if found else ""


class World:
    """A control plane with our CRDs and policies, upstream's CRDs beside them, and an operator for each setting."""

    def __init__(self, lab: Lab, folder: Path, upstream: Path | None) -> None:
        self.lab = lab
        self.kube = lab.kube()
        self.folder = folder
        self.upstream = upstream
        self.workers = ThreadPoolExecutor(8)
        self.cases = kuberay_specs.cases()
        self._begun = time.monotonic()
        codes = kuberay_specs.findings(self.cases, folder)
        self.answers = {case: Answers(codes[case]) for case in self.cases}
        self._time("OneBlock")
        write(generate(VERSIONS, crds="full"), folder / "charts")
        self.charts = folder / "charts" / "charts"
        (self.charts / "ray" / "values.schema.json").unlink()  # what it refuses shall become an object all the same
        self.objects: dict[Case, list[Object]] = {}
        for case, made in kuberay_specs.objects(self.cases, folder, self.charts).items():
            if isinstance(made, str):
                self.answers[case].unrendered = made
            else:
                self.objects[case] = made
        self._time("Helm")

    def ask(self) -> None:
        """Asks everybody but OneBlock, who has been asked."""
        charts = {setting: self._operator_chart(setting) for setting in SETTINGS}
        self._prepare(charts["plain"])
        for case, said in self._every(self._dry_run(POLICED, "ray.io"), list(self.objects)).items():
            self.answers[case].policy = said
        self._time("policies")
        if self.upstream is not None:
            tables = [case for case in self.objects if not case.rules_only]  # which have all that the examples have
            for case, said in self._every(self._dry_run("default", UPSTREAM), tables).items():
                self.answers[case].upstream = said
            self._time("upstream's CRDs")
        self._start_operators(charts)
        self._create()
        self._watch()
        self._time("operator")

    def close(self) -> None:
        """Ends what it started besides the lab's own processes."""
        self.workers.shutdown(cancel_futures=True)
        self.kube.close()

    def _time(self, what: str) -> None:
        now = time.monotonic()
        print(f"{what}: {now - self._begun:.0f} s")
        self._begun = now

    def _prepare(self, chart: list[Object]) -> None:
        for crd in [*crds(VERSIONS.kuberay, "full").values(), *self._upstream_crds()]:
            self._post(CRDS, crd)
        for kind in kuberay_operator.STAND_INS:
            self._post(CRDS, kuberay_operator.stand_in_crd(*kind))
        self._post("/api/v1/namespaces", {"metadata": {"name": POLICED, "labels": {POLICED: "yes"}}})
        until("ours are served", lambda: not self._unserved("ray.io"), PATIENCE)
        self._install_policies(chart)
        until("upstream's are served", lambda: self.upstream is None or not self._unserved(UPSTREAM), PATIENCE)
        broken = {case.kind: case for case in self.cases if case.expected == "OB442" and case in self.objects}
        dry_run = self._dry_run(POLICED, "ray.io")
        until("the policies deny", lambda: all("OB442" in dry_run(case) for case in broken.values()), PATIENCE)
        self._time("CRDs and policies")

    def _start_operators(self, charts: dict[str, list[Object]]) -> None:
        kuberay_operator.start_dashboard(self.lab)
        for number, (setting, chart) in enumerate(charts.items()):
            self._post("/api/v1/namespaces", {"metadata": {"name": setting}})
            kuberay_operator.start(self.lab, setting, setting, _flags(chart), 18000 + 10 * number)

    def _upstream_crds(self) -> Iterable[Object]:
        for path in sorted(self.upstream.glob("*.json")) if self.upstream else ():
            found = json.loads(path.read_text(encoding="utf-8"))
            yield {
                "apiVersion": found["apiVersion"],
                "kind": found["kind"],
                "metadata": {"name": f"{found['spec']['names']['plural']}.{UPSTREAM}"},
                "spec": found["spec"]
                | {"group": UPSTREAM, "versions": [each for each in found["spec"]["versions"] if each["storage"]]},
            }

    def _unserved(self, group: str) -> list[str]:
        """The kinds of which the API server does not yet take an object that nobody has anything against."""
        good = {case.kind: case for case in self.cases if case.title == "nothing changed"}
        return [kind for kind, case in good.items() if self._dry_run("default", group)(case)]

    def _operator_chart(self, setting: str) -> list[Object]:
        values = kuberay_specs.platform(setting, {})
        given = {**values["operator"], "global": values["global"]}
        engine = open_engine("sdk", kube_version=VERSIONS.kubernetes)
        texts = engine.render(self.charts / "operator", "oneblock-operator", "oneblock-system", given)
        return [yaml.load(text, yaml.CSafeLoader) for text in texts]

    def _install_policies(self, chart: list[Object]) -> None:
        found = [each for each in chart if each["kind"].startswith("ValidatingAdmissionPolicy")]
        for each in found:
            if each["kind"].endswith("Binding"):  # in one namespace only: the operator shall see the others
                each["spec"]["matchResources"] = {"namespaceSelector": {"matchLabels": {POLICED: "yes"}}}
        self.kube.apply(*found)

    def _post(self, path: str, body: Object) -> None:
        status, answer = self._request(path, body)
        assert status == 201, answer

    def _request(self, path: str, body: Object) -> tuple[int, Object]:
        """Posts; once more where a machine with too much to do gave no answer in time, and then it may be there."""
        try:
            return self.kube.request("POST", path, body)
        except TimeoutError:
            status, answer = self.kube.request("POST", path, body)
            return (201, answer) if status == 409 else (status, answer)

    def _dry_run(self, namespace: str, group: str) -> Callable[[Case], str]:
        """A function that says what the API server has against a case, empty if nothing."""

        def say(case: Case) -> str:
            found = self.objects[case][-1]
            body = {**found, "apiVersion": f"{group}/v1", "metadata": _bare(found)}
            path = f"/apis/{group}/v1/namespaces/{namespace}/{PLURALS[case.kind]}"
            status, answer = self._request(f"{path}?dryRun=All&fieldValidation=Strict", body)
            return "" if status == 201 else str(answer.get("message"))

        return say

    def _every(self, ask: Callable[[Case], str], cases: list[Case]) -> dict[Case, str]:
        return dict(zip(cases, self.workers.map(ask, cases), strict=True))

    def _create(self) -> None:
        """Creates everything: first what runs by the clock, at last what shows that all else has been seen."""

        def create(case: Case) -> None:
            for found in self.objects[case]:
                path = f"{RAY}/namespaces/{case.setting}/{PLURALS[found['kind']]}?fieldValidation=Strict"
                status, answer = self._request(path, {**found, "metadata": _bare(found)})
                main = found["metadata"]["name"] == MAIN and found is not self.objects[case][-1]
                if status != 201 and not (main and status == 409):
                    self.answers[case].api = str(answer.get("message"))
                    self.answers[case].verdict = Verdict("api", self.answers[case].api)

        list(self.workers.map(create, sorted(self.objects, key=lambda case: case.kind != "RayCronJob")))
        cron = next(case for case in self.objects if case.title == "the eighth day of the week")
        for setting in SETTINGS:
            body = {**self.objects[cron][-1], "metadata": {"name": LAST}}
            self._post(f"{RAY}/namespaces/{setting}/raycronjobs", body)
        self._time(f"{len(self.objects)} objects created")

    def _watch(self) -> None:
        """Waits until the operator has decided about everything, or nothing new has happened for long enough."""
        spaces = {setting: Namespace(self.kube, setting) for setting in SETTINGS}
        begun = news = time.monotonic()
        asked_again = False
        open_cases = [case for case in self.objects if not self.answers[case].api]
        while open_cases and time.monotonic() - begun < GIVE_UP:
            for space in spaces.values():
                space.look()
                space.pretend(self.workers)
            before = len(open_cases)
            for case in open_cases:
                self.answers[case].verdict = spaces[case.setting].verdict(case.kind, case.name)
            decided = [case for case in open_cases if self.answers[case].verdict.word != "nothing"]
            for case in decided:
                if case.kind != "RayCluster":  # which waits for five minutes now
                    spaces[case.setting].forget(case.kind, case.name)
            open_cases = [case for case in open_cases if case not in decided]
            if len(open_cases) < before:
                news = time.monotonic()
            quiet = time.monotonic() - max(news, begun + 60)
            if quiet > (NO_NEWS if asked_again else ASK_AGAIN) and spaces["plain"].has_seen_all():
                if asked_again:
                    break
                # Of more events than it can write, the operator drops some, and with them what it said of an object.
                for case in open_cases:
                    spaces[case.setting].touch(case.kind, case.name)
                asked_again, news = True, time.monotonic()
            time.sleep(3)
        print(Counter(each.verdict.word for each in self.answers.values()))
        dead = [process.name for process in self.lab.processes.recorded() if not process.alive]
        assert not dead, f"{dead} ended; see {self.lab.folder / 'log'}"


def _bare(found: Object) -> Object:
    return {key: value for key, value in found["metadata"].items() if key != "namespace"}


def _flags(chart: list[Object]) -> list[str]:
    """What OneBlock's chart tells the operator about gates and schedulers."""
    (deployment,) = [each for each in chart if each["kind"] == "Deployment"]
    args = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    return [each for each in args if each.startswith(("--feature-gates=", "--batch-scheduler="))]
