"""A Ray driver that lives through faults: it makes one of everything that shall survive, then tries things when asked.

Told to ``make`` it does so, told to ``look`` it only tries. It runs in a worker pod, because a head's restart would
end it, and answers on 127.0.0.1:8999:

    GET /NAME?wait=S    tries NAME (a function below) for S seconds; what does not end by then goes on
    GET /NUMBER?wait=S  how an attempt that went on has ended

with {"number", "done", "ok", "answer", "seconds"}.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor, wait
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import ray
from ray import serve
from ray.util import get_placement_group, placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy
from ray.util.state import list_actors

DASHBOARD = f"http://{os.environ['FQ_RAY_IP']}:8265"
SMALL = 0.1
BEAT = Path("/tmp/beat")  # noqa: S108


@ray.remote(num_cpus=SMALL)
class Counter:
    """State that only lives in its process."""

    def __init__(self) -> None:
        self.count = 0

    def add(self) -> dict[str, int]:
        """One more."""
        self.count += 1
        return {"count": self.count, "pid": os.getpid()}


@ray.remote(num_cpus=SMALL)
def long_task() -> None:
    """Shows for an hour that it runs."""
    for second in range(3600):
        BEAT.write_text(str(second))
        time.sleep(1)


@ray.remote(num_cpus=SMALL)
def twice(number: int) -> int:
    """A task."""
    return 2 * number


@serve.deployment(ray_actor_options={"num_cpus": SMALL})
class App:
    """A service."""

    def __call__(self) -> str:
        return f"served by {os.getpid()}"


class Probe:
    """What was made at the start, and one method for everything to be tried."""

    def __init__(self, how: str) -> None:
        ray.init(address="auto", namespace="probe", log_to_driver=False)
        if how == "make":
            self.make()

    def make(self) -> None:
        """One of everything."""
        self.counter = Counter.options(name="counter", lifetime="detached").remote()  # type: ignore[attr-defined]
        ray.get(self.counter.add.remote())
        self.running = long_task.remote()
        ray.get(placement_group([{"CPU": SMALL}], name="kept", lifetime="detached").ready())
        serve.start(http_options=serve.config.HTTPOptions(host="0.0.0.0", location="EveryNode"))  # noqa: S104
        serve.run(App.bind(), name="app")  # type: ignore[attr-defined]
        self._served()

    def _served(self) -> None:
        """Waits for this node's proxy: the application is ready some time before every proxy knows its route."""
        end = time.monotonic() + 60
        while True:
            try:
                self.serve()
            except urllib.error.URLError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)
            else:
                return

    def actor(self) -> Any:
        """A call of an actor whose handle is at hand."""
        return ray.get(self.counter.add.remote(), timeout=3600)

    def lookup(self) -> Any:
        """A call of an actor that is found by its name."""
        return ray.get(ray.get_actor("counter").add.remote(), timeout=3600)

    def heads(self) -> Any:
        """The head nodes that the GCS takes for alive: it is the new head's own once there is another one."""
        nodes = [node for node in ray.nodes() if node["Alive"]]
        return [node["NodeID"] for node in nodes if "node:__internal_head__" in node["Resources"]]

    def running_task(self) -> Any:
        """The task that has been running all the time."""
        before = BEAT.read_text()
        time.sleep(2.5)
        if ray.wait([self.running], timeout=0)[0] or BEAT.read_text() == before:
            raise RuntimeError("it has ended")
        return BEAT.read_text()

    def task(self) -> Any:
        """A new task."""
        return ray.get(twice.remote(21), timeout=3600)

    def kept_group(self) -> Any:
        """A task in the placement group of the start."""
        found = PlacementGroupSchedulingStrategy(get_placement_group("kept"))
        return ray.get(twice.options(scheduling_strategy=found).remote(1), timeout=3600)

    def new_group(self) -> Any:
        """A new placement group."""
        made = placement_group([{"CPU": SMALL}])
        try:
            return ray.get(made.ready(), timeout=3600) is not None
        finally:
            remove_placement_group(made)

    def dashboard(self) -> Any:
        """The dashboard's first answer."""
        return read(f"{DASHBOARD}/api/version")["ray_version"]

    def state(self) -> Any:
        """``ray list actors``."""
        return len(list_actors(address=DASHBOARD, timeout=10))

    def serve(self) -> Any:
        """A request to the service, through the proxy of this node."""
        with urllib.request.urlopen("http://127.0.0.1:8000/", timeout=10) as answer:
            return answer.read().decode()

    def submit(self) -> Any:
        """``ray job submit``, until the job has ended well."""
        command = ("ray", "job", "submit", f"--address={DASHBOARD}", "--entrypoint-num-cpus=0.1", "--", "true")
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError((done.stderr or done.stdout)[-300:])
        return "succeeded"


def read(url: str) -> Any:
    """JSON from a web server."""
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        return json.loads(answer.read())


class Attempts:
    """Every attempt so far, by number."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.pool = ThreadPoolExecutor(64)
        self.all: list[tuple[float, Future[Any]]] = []
        self.lock = threading.Lock()

    def look(self, name: str, seconds: float) -> dict[str, Any]:
        """Starts an attempt, or finds it again, and says how it stands after that time."""
        with self.lock:
            if not name.isdecimal():
                self.all.append((time.monotonic(), self.pool.submit(self._timed, getattr(self.probe, name))))
                name = str(len(self.all) - 1)
        begun, attempt = self.all[int(name)]
        wait([attempt], seconds)
        if not attempt.done():
            return {"number": int(name), "done": False, "ok": False, "answer": "", "seconds": time.monotonic() - begun}
        return {"number": int(name), "done": True, **attempt.result()}

    @staticmethod
    def _timed(work: Any) -> dict[str, Any]:
        begun = time.monotonic()
        try:
            ok, answer = True, work()
        except Exception as error:  # whatever it is, it is the answer
            ok, answer = False, f"{type(error).__name__}: {error}"[:500]
        return {"ok": ok, "answer": answer, "seconds": time.monotonic() - begun}


def main() -> None:
    """Makes everything, then answers."""
    attempts = Attempts(Probe(sys.argv[1]))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            said = attempts.look(asked.path.strip("/"), float(parse_qs(asked.query).get("wait", ["10"])[0]))
            text = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    print("ready", flush=True)
    ThreadingHTTPServer(("127.0.0.1", 8999), Handler).serve_forever()


if __name__ == "__main__":
    main()
