"""A cluster to play with: ``python -m tests.e2e up | status | run COMMAND… | down``."""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.e2e.lab.cluster import Lab
from tests.e2e.programs import MissingError

NEXT = """python -m tests.e2e run kubectl get nodes     any command, on its network, with its name server
python -m tests.e2e run sh                    a shell in there
python -m tests.e2e down                      stops it and forgets it"""


def up(node: bool) -> str:
    """Starts a lab that stays; what to do with it."""
    begun = time.monotonic()
    lab = Lab.new()
    lab.start(node=node, outlive=True)
    lines = [f"note: no image {name}: {why}" for name, why in lab.missing_images.items()]
    lines.append(f"{lab.name} is up after {time.monotonic() - begun:.0f} s; logs in {lab.processes.logs}")
    lines.append(f"KUBECONFIG={lab.kubeconfig} (its network is its own: use it from inside)")
    return "\n".join([*lines, NEXT])


def status() -> str:
    """Every lab and its processes."""
    lines = []
    for lab in Lab.all():
        state = "running" if lab.running else "not running"
        lines.append(f"{lab.name}: {state}, {until_when(lab)}, KUBECONFIG={lab.kubeconfig}")
        lines += [
            f"  {process.name:24} {process.pid:8}  {'running' if process.alive else 'ended'}"
            for process in lab.processes.recorded()
        ]
    return "\n".join(lines) or "no lab"


def until_when(lab: Lab) -> str:
    """How long a lab stays."""
    return f"until process {lab.owner} ends" if lab.owner else "until down"


def down(name: str) -> str:
    """Stops the lab of that name; without a name, the only one that no running process will stop itself."""
    labs = [lab for lab in Lab.all() if name == lab.name or not (name or lab.owner)]
    if len(labs) > 1:
        raise MissingError(f"there are several labs, so name the one to stop: {', '.join(lab.name for lab in labs)}")
    for lab in labs:
        lab.stop()
        return f"{lab.name} is down"
    return f"no lab {name}" if name else "no lab to stop"


def run(name: str, command: list[str]) -> str:
    """Becomes a command inside the lab of that name, or in the newest that runs."""
    labs = [lab for lab in Lab.all() if lab.running and name in ("", lab.name)]
    if not labs:
        raise MissingError(f"no lab {name} runs" if name else "no lab runs: start one with python -m tests.e2e up")
    words = labs[-1].command(*command)
    os.execvpe(words[0], words, labs[-1].environment())  # noqa: S606


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e", description=__doc__)
    commands = parser.add_subparsers(required=True)
    starting = commands.add_parser("up", help="start a cluster that stays")
    starting.add_argument("--no-node", action="store_true", help="control plane only: no pod will run")
    starting.set_defaults(does=lambda asked: up(not asked.no_node))
    commands.add_parser("status", help="what runs").set_defaults(does=lambda _: status())
    stopping = commands.add_parser("down", help="stop what `up` started, or what a killed run left")
    stopping.add_argument("name", nargs="?", default="", help="which, if there are several")
    stopping.set_defaults(does=lambda asked: down(asked.name))
    running = commands.add_parser("run", help="run a command on the cluster's network")
    running.add_argument("--lab", default="", help="which, if there are several; else the newest")
    running.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    running.set_defaults(does=lambda asked: run(asked.lab, asked.words or ["sh"]))
    asked = parser.parse_args()
    try:
        print(asked.does(asked))
    except MissingError as missing:
        print(missing, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
