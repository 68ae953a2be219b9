"""What ``oneblock explain`` says about OB201 – OB207."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from generator.source import Code

_PAGES: dict[str, Code] = {
    "OB201": Code(
        "a value has the wrong type",
        "The field takes another type: text was given for a number, a list for a map, or nothing at all. YAML decides "
        'by the spelling: 8 is a number and "8" is text; 1.30 without quotes is the number 1.3, so a Kubernetes '
        "version needs quotes. Environment variables, labels, annotations and ray start parameters are always text.\n\n"
        "A key with nothing after it is null. Helm takes that as an order to forget the key, and its versions do not "
        'agree when. So null is refused everywhere: write {} for "all defaults", or leave the key out.',
        "global:\n  versions: {kubernetes: 1.36}\n",
        'global:\n  versions: {kubernetes: "1.36"}\n',
    ),
    "OB202": Code(
        "a value is not one of the allowed ones",
        "The field takes one of a few words, and this is none of them. Upper and lower case matter.",
        "rayClusters:\n  main:\n    upgradeStrategy: recreate\n",
        "rayClusters:\n  main:\n    upgradeStrategy: Recreate\n",
    ),
    "OB203": Code(
        "a required field is missing",
        "The thing cannot be made without this field, and there is no default for it.",
        "rayJobs:\n  nightly: {cluster: main}\n",
        "rayJobs:\n  nightly: {cluster: main, entrypoint: python train.py}\n",
    ),
    "OB204": Code(
        "a field is unknown",
        "Nothing here has a field of this name: most often a slip of the hand, or a field in the wrong place. Helm "
        "would ignore it without a word. KubeRay's own fields are written under spec; fields of Kubernetes' pods under "
        "template.spec of a head or worker group.",
        "rayClusters:\n  main:\n    workerGroups:\n      cpu: {minReplica: 2}\n",
        "rayClusters:\n  main:\n    workerGroups:\n      cpu: {minReplicas: 2}\n",
    ),
    "OB205": Code(
        "a value has the wrong form",
        "The type is right and the value is not: not a Kubernetes quantity, not a DNS label, out of range, empty, too "
        "long.\n\n"
        "Quantities are a number with a suffix: m for thousandths; k, M, G, T for thousands; Ki, Mi, Gi, Ti for 1024s. "
        "There is no B. Names of namespaces, queues, groups and Ray objects are DNS labels: lower-case letters, digits "
        "and dashes.",
        "rayClusters:\n  main:\n    head: {memory: 16GB}\n",
        "rayClusters:\n  main:\n    head: {memory: 16Gi}\n",
    ),
    "OB206": Code(
        "a field belongs to another KubeRay version",
        "The field, or the choice, exists, but not in the KubeRay version this fleet pins (global.versions.kuberay). "
        "The API server would drop it without a word.",
        'rayJobs:\n  nightly: {entrypoint: python train.py, schedule: "0 3 * * *", timeZone: Europe/Berlin}\n',
        'rayJobs:\n  nightly: {entrypoint: python train.py, schedule: "0 3 * * *"}\n',
    ),
    "OB207": Code(
        "a Kubernetes object has something wrong in it",
        "Pod templates, tolerations, affinity and the like are written as Kubernetes knows them, and are checked "
        "against the API of the Kubernetes version this fleet pins (global.versions.kubernetes), or of the one KubeRay "
        "was compiled with (global.versions.kuberay) where that is older. The API server would refuse the object or "
        "drop the field, or the field would have no effect.\n\n"
        "A pod template under template is merged over what OneBlock makes, containers and their env, ports and volumes "
        "by name, so it only needs what differs. A Kubernetes version newer than the installed schemas is checked as "
        "the newest of them.",
        "rayClusters:\n  main:\n    head:\n      template: {spec: {nodeSelectr: {pool: a100}}}\n",
        "rayClusters:\n  main:\n    head:\n      template: {spec: {nodeSelector: {pool: a100}}}\n",
    ),
}

CODES: Final[Mapping[str, Code]] = MappingProxyType(_PAGES)
"""Every code of this layer with its page."""
