"""Writes a fleet of many namespaces, three RayClusters each: ``python benchmarks/make_fleet.py DIR [NAMESPACES]``."""

from __future__ import annotations

import argparse
from pathlib import Path

PLATFORM = """\
global:
  cluster: large
  versions: {{kubernetes: "1.36", kuberay: 1.6.2, ray: 2.60.0, volcano: 1.14.1}}
  nodes:
    cpu: {{count: 400, cpu: 64, memory: 256Gi}}
    a100:
      {{count: 200, cpu: 96, memory: 1Ti, gpu: 8, labels: {{pool: a100}}, taints: ["nvidia.com/gpu:NoSchedule"]}}
  namespaces:
{namespaces}
queues:
  research: {{namespaces: ["*"], deserved: {{gpu: 800}}, capability: {{gpu: 1600}}}}
"""

GRANT = "    {name}: {{owners: [{name}-leads], users: [{name}], quota: {{cpu: 2000, memory: 8Ti, gpu: 64}}}}"

NAMESPACE = """\
rayClusters:
  train:
    queue: research
    gcsFaultTolerance: {{enabled: true}}
    autoscaling: {{enabled: true, idleTimeoutSeconds: {idle}}}
    head: {{cpu: 4, memory: 16Gi, env: {{OWNER: {name}}}}}
    workerGroups:
      a100: {{minReplicas: 0, maxReplicas: 4, cpu: 88, memory: 900Gi, gpu: 8, nodes: a100}}
      cpu: {{minReplicas: 1, maxReplicas: 10, cpu: 8, memory: 32Gi}}
  serve:
    autoscaling: {{enabled: true, upscalingMode: Conservative}}
    head: {{cpu: 2, memory: 8Gi}}
    workerGroups:
      large: {{minReplicas: 1, maxReplicas: 6, cpu: 8, memory: 32Gi}}
      small: {{minReplicas: 2, maxReplicas: 20, cpu: 2, memory: 8Gi}}
  notebooks:
    labels: {{team: {name}}}
    head: {{cpu: 2, memory: 8Gi}}
    workerGroups:
      big: {{replicas: 1, cpu: 8, memory: 32Gi}}
      tiny: {{replicas: 2, cpu: 1, memory: 4Gi}}
"""


def make_fleet(root: Path, namespaces: int) -> None:
    """A fleet of ``namespaces`` × 3 RayClusters × 2 worker groups below ``root``."""
    names = [f"team-{number:04}" for number in range(namespaces)]
    folder = root / "values" / "namespaces"
    folder.mkdir(parents=True)
    grants = "\n".join(GRANT.format(name=name) for name in names)
    (root / "values" / "platform.yaml").write_text(PLATFORM.format(namespaces=grants), encoding="utf-8")
    for number, name in enumerate(names):
        text = NAMESPACE.format(name=name, idle=60 + number % 40)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("namespaces", type=int, nargs="?", default=1000)
    given = parser.parse_args()
    make_fleet(given.folder, given.namespaces)


if __name__ == "__main__":
    main()
