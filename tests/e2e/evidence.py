"""What is kept of a failed test: the log of every component, and what the cluster says of itself."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from tests.e2e.kube import Kube
from tests.e2e.lab.cluster import Lab, home

QUESTIONS = {
    "events.txt": ("get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"),
    "pods.txt": ("get", "pods,services,pvc,pv,nodes", "--all-namespaces", "--output=wide"),
    "pods.yaml": ("get", "pods", "--all-namespaces", "--output=yaml"),
    "ray.yaml": ("get", "rayclusters,rayjobs,rayservices", "--all-namespaces", "--output=yaml"),
}


def keep(test: str, kubes: Iterable[Kube], labs: Iterable[Lab]) -> Path:
    """Writes it to a folder of that test, which is returned."""
    folder = home() / "failed" / f"{time.strftime('%H%M%S')}-{re.sub(r'[^A-Za-z0-9_.-]+', '-', test)}"
    folder.mkdir(parents=True, exist_ok=True)
    for lab in labs:
        lab.copy_logs(folder / lab.name)
    for number, kube in enumerate(kubes):
        for name, question in QUESTIONS.items():
            try:
                done = kube.kubectl(*question, check=False, timeout=30)
                text = done.stdout + done.stderr
            except subprocess.TimeoutExpired as error:
                text = f"{error}\n"
            (folder / f"cluster-{number}-{name}").write_text(text)
    return folder
