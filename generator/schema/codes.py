"""What ``oneblock explain`` says about OB201 – OB207."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Code:
    """A code of this layer: ``title`` in a few words, ``explanation`` in a paragraph or two, ``example`` as YAML."""

    code: str
    title: str
    explanation: str
    example: str


_ALL: Final = (
    Code(
        "OB201",
        "wrong type",
        """The value has another type than the field takes: text for a number, a list for a map, or nothing at all.

YAML decides by the spelling: 8 is a number and "8" is text; 1.30 without quotes is the number 1.3, so a
Kubernetes version needs quotes. Environment variables, labels, annotations and ray start parameters are
always text. A key with nothing after it is null. Helm takes that as an order to forget the key, and its
versions do not agree when, so null is refused everywhere: write {} for "all defaults", or leave the key
out.""",
        'global:\n  versions: {kubernetes: 1.36}   # a number; write "1.36"\n',
    ),
    Code(
        "OB202",
        "value not allowed",
        "The field takes one of a few words, and this is none of them. Upper and lower case matter.",
        "rayClusters:\n  main:\n    upgradeStrategy: recreate   # write Recreate\n",
    ),
    Code(
        "OB203",
        "required field missing",
        "The thing cannot be made without this field, and there is no default for it.",
        "rayJobs:\n  nightly: {cluster: main}   # needs entrypoint: the command to run\n",
    ),
    Code(
        "OB204",
        "unknown field",
        """Nothing here has a field of this name: most often a slip of the hand, or a field in the wrong place.
Helm would ignore it without a word.

KubeRay's own fields are written under spec, fields of Kubernetes' pods under template.spec of a head or
worker group.""",
        "rayClusters:\n  main:\n    workerGroups:\n      cpu: {minReplica: 2}   # write minReplicas\n",
    ),
    Code(
        "OB205",
        "wrong form",
        """The type is right, the value is not: not a Kubernetes quantity, not a DNS label, out of range, empty,
too long.

Quantities are a number with a suffix: m for thousandths; k, M, G, T for thousands; Ki, Mi, Gi, Ti for
1024s. There is no B. Names of namespaces, queues, groups and Ray objects are DNS labels: lower-case
letters, digits and dashes.""",
        "rayClusters:\n  main:\n    head: {memory: 16GB}   # write 16Gi\n",
    ),
    Code(
        "OB206",
        "field of another KubeRay version",
        """The field, or the choice, exists, but not in the KubeRay version this fleet pins
(global.versions.kuberay). The API server would drop it without a word.""",
        "# with kuberay: 1.5.2\nrayClusters:\n  main:\n    upgradeStrategy: Recreate   # came with KubeRay 1.6\n",
    ),
    Code(
        "OB207",
        "wrong in a Kubernetes object",
        """Pod templates, tolerations, affinity and the like are written as Kubernetes knows them, and are checked
against the API of the Kubernetes version this fleet pins (global.versions.kubernetes). The CRDs leave
pod templates open, so the API server would not notice: the operator would fail to make the pods, or the
field would have no effect.

A pod template under template is merged over what OneBlock makes, containers and their env, ports and
volumes by name, so it only needs what differs. A Kubernetes version newer than the installed schemas is
checked as the newest of them.""",
        "rayClusters:\n  main:\n    head:\n      template: {spec: {nodeSelectr: {pool: a}}}   # write nodeSelector\n",
    ),
)

CODES: Final[Mapping[str, Code]] = {each.code: each for each in _ALL}
"""Every code of this layer."""
