"""Fields of pods as Hypothesis makes them up: values near the edge of what the API server takes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Case = dict[str, Any]


def _in_head(**fields: Any) -> Case:
    return {"containers": [{"name": "ray-head", **fields}]}


NAMES = st.text("aB0-._/ ", min_size=1, max_size=6) | st.text("ab-", min_size=60, max_size=66)
PATHS = st.text("a./", min_size=1, max_size=6)
NUMBERS = st.sampled_from([-(2**31), -1, 0, 1, 2, 255, 256, 511, 512, 65535, 65536, 2**31 - 1])
AMOUNTS = st.from_regex(r"[+]?([0-9]{1,3}(\.[0-9]{0,2})?)([mukMGT]|[KMGTP]i|e[-+]?[0-9])?", fullmatch=True)
WORDS = st.sampled_from(
    ["Always", "Never", "OnFailure", "IfNotPresent", "always", "In", "Exists", "Equal", "NoExecute"]
)
TOLERATION = st.fixed_dictionaries(
    {},
    optional={
        "key": NAMES,
        "operator": st.sampled_from(["Exists", "Equal", "Gt", "In"]),
        "value": NAMES,
        "effect": st.sampled_from(["NoSchedule", "NoExecute", "PreferNoSchedule", "NoRun"]),
        "tolerationSeconds": NUMBERS,
    },
)
TERM = st.fixed_dictionaries(
    {"key": NAMES, "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Equals"])},
    optional={"values": st.lists(NAMES, max_size=2)},
)
PROBE = st.fixed_dictionaries(
    {},
    optional={
        "exec": st.just({"command": ["true"]}),
        "httpGet": st.fixed_dictionaries(
            {"port": NUMBERS | NAMES}, optional={"scheme": st.sampled_from(["HTTP", "ftp"])}
        ),
        "periodSeconds": NUMBERS,
        "successThreshold": NUMBERS,
        "terminationGracePeriodSeconds": NUMBERS,
    },
)
SECURITY = st.fixed_dictionaries(
    {},
    optional={
        "privileged": st.booleans(),
        "allowPrivilegeEscalation": st.booleans(),
        "runAsNonRoot": st.booleans(),
        "runAsUser": NUMBERS,
        "capabilities": st.fixed_dictionaries(
            {},
            optional={
                "add": st.lists(
                    st.sampled_from(["CHOWN", "NET_BIND_SERVICE", "SYS_ADMIN", "CAP_SYS_ADMIN"]), max_size=2
                ),
                "drop": st.lists(st.sampled_from(["ALL", "KILL"]), max_size=2),
            },
        ),
        "seccompProfile": st.fixed_dictionaries(
            {"type": st.sampled_from(["RuntimeDefault", "Unconfined", "Localhost"])},
            optional={"localhostProfile": st.just("a.json")},
        ),
    },
)
VOLUME = {"volumes": [{"name": "a", "emptyDir": {}}]}
FIELDS = st.one_of(
    NAMES.map(lambda name: {"containers": [{"name": name, "image": "a"}]}),
    NAMES.map(lambda name: {"volumes": [{"name": name, "emptyDir": {}}]}),
    NAMES.map(lambda key: {"nodeSelector": {key: "a"}}),
    NAMES.map(lambda value: {"nodeSelector": {"a": value}}),
    NAMES.map(lambda key: {"template": {"metadata": {"annotations": {key: "a"}}}}),
    NAMES.map(lambda key: {"template": {"metadata": {"labels": {key: "a"}}}}),
    NAMES.map(lambda name: _in_head(env=[{"name": name, "value": "a"}])),
    NAMES.map(lambda name: _in_head(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": name, "key": "a"}}}])),
    NAMES.map(lambda key: _in_head(env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "a", "key": key}}}])),
    st.builds(lambda name, port: _in_head(ports=[{"name": name, "containerPort": port}]), NAMES, NUMBERS),
    st.builds(
        lambda path, key: VOLUME | _in_head(volumeMounts=[{"name": "a", "mountPath": "/a", key: path}]),
        PATHS,
        st.sampled_from(["subPath", "subPathExpr"]),
    ),
    PATHS.map(
        lambda path: {"volumes": [{"name": "a", "configMap": {"name": "a", "items": [{"key": "k", "path": path}]}}]}
    ),
    NUMBERS.map(lambda mode: {"volumes": [{"name": "a", "secret": {"secretName": "a", "defaultMode": mode}}]}),
    st.builds(
        lambda name, amount: _in_head(resources={"requests": {name: amount}}),
        NAMES | st.sampled_from(["cpu", "nvidia.com/gpu", "hugepages-2Mi"]),
        AMOUNTS,
    ),
    WORDS.map(lambda word: {"restartPolicy": word}),
    WORDS.map(lambda word: _in_head(imagePullPolicy=word)),
    NUMBERS.map(lambda number: {"activeDeadlineSeconds": number}),
    NUMBERS.map(lambda number: {"securityContext": {"fsGroup": number}}),
    NAMES.map(lambda name: {"hostname": name}),
    TOLERATION.map(lambda toleration: {"tolerations": [toleration]}),
    TERM.map(
        lambda term: {
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{"matchExpressions": [term]}]
                    }
                }
            }
        }
    ),
    TERM.map(
        lambda term: {
            "affinity": {
                "podAntiAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        {"topologyKey": "a", "labelSelector": {"matchExpressions": [term]}}
                    ]
                }
            }
        }
    ),
    st.builds(
        lambda kind, probe: _in_head(**{kind: probe}), st.sampled_from(["livenessProbe", "readinessProbe"]), PROBE
    ),
    SECURITY.map(lambda security: _in_head(securityContext=security)),
    SECURITY.map(lambda security: {"containers": [{"name": "side", "image": "a", "securityContext": security}]}),
)
