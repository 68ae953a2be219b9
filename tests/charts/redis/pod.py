"""A Redis pod's folders and the programs its scripts call, as small fakes: what decides is the script itself."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILES = Path(__file__).parents[3] / "generator" / "blueprints" / "charts" / "redis" / "files"
SCRIPTS = (
    "lib.sh",
    "pre-stop.sh",
    "probe-redis.sh",
    "probe-sentinel.sh",
    "start-redis.sh",
    "start-sentinel.sh",
    "test.sh",
)
HASH = "0123456789abcdef" * 4

# Answers are files named after the host and the command; a Redis that is down has none. "round" counts the seconds the
# scripts believe to have slept, so that an answer may change while they wait: "NAME@3" counts from the third second on.
CLI = """#!/bin/sh
host='' port='' words=''
while [ $# -gt 0 ]; do
  case $1 in
    -h) host=$2; shift ;;
    -p) port=$2; shift ;;
    --user) shift ;;
    --no-auth-warning) ;;
    *) words="${words:+$words }$1" ;;
  esac
  shift
done
[ -n "$words" ] || words="users $(cat)"
host=${host%%.*}
host=${host#oneblock-redis-announce-}
echo "$host:$port $words" >>"$WORLD/calls"
first=${words%% *}
rest=${words#"$first"}
rest=${rest# }
name="$host:$first${rest:+ ${rest%% *}}"
read -r round <"$WORLD/round"
while [ "$round" -ge 0 ]; do
  [ ! -f "$WORLD/$name@$round" ] || exec cat "$WORLD/$name@$round"
  round=$((round - 1))
done
exit 1
"""
# Moved into its place: a fake that runs beside the script may be reading it.
SLEEP = """#!/bin/sh
read -r round <"$WORLD/round"
echo $((round + 1)) >"$WORLD/round.new"
mv "$WORLD/round.new" "$WORLD/round"
"""
TIMEOUT = '#!/bin/sh\nshift\nexec "$@"\n'
SERVER = '#!/bin/sh\necho "$@" >>"$WORLD/started"\n'


def host(ordinal: int) -> str:
    """The announced name of a pod."""
    return f"oneblock-redis-announce-{ordinal}.sys.svc.cluster.local"


@dataclass(frozen=True, slots=True)
class Result:
    """How a script ended, what it said, which programs it called."""

    code: int
    said: str
    calls: tuple[str, ...]
    seconds: int
    started: str


@dataclass(slots=True)
class Pod:
    """One pod of a set of three, in a folder."""

    root: Path
    ordinal: int = 0
    shell: str = "sh"
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("config", "auth", "data/state", "data/sentinel", "run", "world", "bin"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        for name in (*SCRIPTS, "redis.conf", "sentinel.conf"):
            (self.root / "config" / name).write_text((FILES / name).read_text())
        (self.root / "config" / "settings.sh").write_text(
            "SET=oneblock-redis\nDOMAIN=sys.svc.cluster.local\nGROUP=sys-oneblock-redis\nREPLICAS=3\nMIN_REPLICAS=1\nQUORUM=2\n"
            "DOWN_AFTER_MS=5000\nFAILOVER_TIMEOUT_MS=30000\nGRACE_SECONDS=60\n"
        )
        for key in ("admin", "sentinel", "replication", "exporter"):
            (self.root / "auth" / f"{key}-password").write_text(f"{key}Secret")
        (self.root / "world" / "round").write_text("0")
        (self.root / "config" / "force-master-ordinal").write_text("")
        programs = {"redis-cli": CLI, "sleep": SLEEP, "timeout": TIMEOUT, "redis-server": SERVER}
        for name, text in programs.items():
            path = self.root / "bin" / name
            path.write_text(text)
            path.chmod(path.stat().st_mode | stat.S_IXUSR)

    @property
    def conf(self) -> str:
        """The redis.conf the start script wrote."""
        return (self.root / "run" / "redis.conf").read_text()

    def says(self, ordinal: int | str, command: str, text: str, *, port: int = 6379, after: int = 0) -> None:
        """What a pod's Redis (or Sentinel) answers to a command, from some second on."""
        self._answer(f"{ordinal}:{command}@{after}", text)

    def sentinel(self, ordinal: int | str, master: int | None, epoch: int = 1, *, after: int = 0) -> None:
        """Which master a Sentinel names; None when it watches none."""
        text = (
            "ERR No such master with that name\n"
            if master is None
            else f"name\nsys-oneblock-redis\nip\n{host(master)}\nport\n6379\nconfig-epoch\n{epoch}\nquorum\n2\n"
        )
        self._answer(f"{ordinal}:SENTINEL MASTER@{after}", text)

    def redis(self, ordinal: int | str, role: str, *, after: int = 0, **fields: str | int) -> None:
        """What a Redis says about its replication."""
        usual = (
            {"master_link_status": "up", "master_sync_in_progress": 0, "slave_priority": 100} if role == "slave" else {}
        )
        lines = {"role": role, **usual, **fields}
        text = "# Replication\r\n" + "".join(f"{key}:{value}\r\n" for key, value in lines.items())
        self._answer(f"{ordinal}:INFO replication@{after}", text)

    def _answer(self, name: str, text: str) -> None:
        (self.root / "world" / name).write_text(text)

    def volume(self, *, synced: bool = False, first: bool = False, files: bool = False) -> None:
        """What is on the volume before the start."""
        if synced:
            (self.root / "data/state/synced").touch()
        if first:
            (self.root / "data/state/first-master").touch()
        if files:
            (self.root / "data/redis/appendonlydir").mkdir(parents=True)

    def environment(self) -> Mapping[str, str]:
        """Where the scripts find this pod's folders."""
        return {
            "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}",
            "POD_NAME": f"oneblock-redis-{self.ordinal}",
            "CONFIG_DIR": str(self.root / "config"),
            "AUTH_DIR": str(self.root / "auth"),
            "DATA_DIR": str(self.root / "data"),
            "RUN_DIR": str(self.root / "run"),
            "WORLD": str(self.root / "world"),
            "WAIT_LIMIT": "30",
        } | self.env

    def run(self, script: str, *arguments: str) -> Result:
        """Runs one of the scripts to its end."""
        done = subprocess.run(
            [self.shell, str(self.root / "config" / script), *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        calls = self.root / "world" / "calls"
        started = self.root / "world" / "started"
        return Result(
            done.returncode,
            done.stderr + done.stdout,
            tuple(calls.read_text().splitlines()) if calls.exists() else (),
            int((self.root / "world" / "round").read_text()),
            started.read_text().strip() if started.exists() else "",
        )

    def functions(self, text: str) -> str:
        """What lines of shell print that may use the library's functions."""
        done = subprocess.run(
            [self.shell, "-eu", "-c", f'. "$CONFIG_DIR/lib.sh"\n{text}'],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout


def named(pod: Pod, master: int | None, *, sentinels: tuple[int, ...] = (0, 1, 2), epoch: int = 1) -> Pod:
    """The pod, with Sentinels that all name one master."""
    for ordinal in sentinels:
        pod.sentinel(ordinal, master, epoch)
    return pod
