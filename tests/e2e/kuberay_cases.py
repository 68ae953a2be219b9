"""Specs for KubeRay's operator, valid and broken one rule at a time: one line a case.

A line is ``kinds | expected | what it is about | change``. The kinds are letters: C RayCluster, J RayJob, S RayService,
N RayCronJob (nightly). What is expected is ``ok`` or the code of OneBlock's finding. The change is YAML in the words of
values files, merged over a small valid entry of the kind; in the table of RayClusters it goes into the cluster that a job
or service brings. ``WORKER`` stands for the template of a worker group that only ``spec`` describes, and so on (``WORDS``);
``DeleteSelf@FAILED+9`` for a deletion rule: what, after which end, how many seconds later.
"""
# ruff: noqa: E501 (a line is a case)

from __future__ import annotations

CLUSTERS = r"""
CJSN | ok    | nothing changed | {}
C    | ok    | no workers | workerGroups: null
C    | ok    | two groups | workerGroups: {gpu: {replicas: 0, cpu: 1, memory: 1Gi}}
C    | ok    | a multi-host group | workerGroups: {cpu: {replicas: 1, numOfHosts: 2}}
C    | ok    | a suspended cluster | suspend: true
C    | ok    | pods are made anew on changes | upgradeStrategy: Recreate
JSN  | OB459 | upgradeStrategy in an owned cluster | spec: {upgradeStrategy: {type: Recreate}}
JSN  | OB459 | upgradeStrategy None in an owned cluster | spec: {upgradeStrategy: {type: None}}
JS   | ok    | an empty upgradeStrategy in an owned cluster | spec: {upgradeStrategy: {}}
C    | ok    | a group with capitals | spec: {workerGroupSpecs: [{groupName: Big-Memory, replicas: 1, WORKER}]}
C    | ok    | a group with a dot | spec: {workerGroupSpecs: [{groupName: big.memory, replicas: 1, WORKER}]}
CJSN | OB405 | a group with an underscore | spec: {workerGroupSpecs: [{groupName: big_memory, replicas: 1, minReplicas: 1, WORKER}]}
C    | OB405 | a group of 64 letters | spec: {workerGroupSpecs: [{groupName: X64, replicas: 1, WORKER}]}
C    | ok    | a group of 63 letters | spec: {workerGroupSpecs: [{groupName: X63, replicas: 1, WORKER}]}
C    | ok    | a group without a name | spec: {workerGroupSpecs: [{groupName: "", replicas: 1, WORKER}]}
C    | OB405 | a group with an empty part | spec: {workerGroupSpecs: [{groupName: a..b, replicas: 1, WORKER}]}
C    | OB405 | a group with an underscore that nobody needs yet | spec: {workerGroupSpecs: [{groupName: big_memory, replicas: 0, WORKER}]}
C    | OB405 | a group that ends in a dash | spec: {workerGroupSpecs: [{groupName: cpu-, replicas: 1, WORKER}]}
C    | ok    | no containers said, which takes none away | head: {template: {spec: {containers: []}}}
CJSN | OB410 | a worker without template | spec: {workerGroupSpecs: [{groupName: bare, replicas: 1, template: {}}]}
C    | OB410 | a worker without containers | spec: {workerGroupSpecs: [{groupName: bare, template: {spec: {containers: []}}}]}
CJSN | OB411 | CPUs twice on the head | head: {rayStartParams: {num-cpus: "0"}, rayResources: {CPU: 0}}
C    | OB411 | GPUs twice on the head | head: {rayStartParams: {num-gpus: "0"}, rayResources: {GPU: 0}}
CJSN | OB411 | memory twice on a worker | workerGroups: {cpu: {rayStartParams: {memory: "1"}, rayResources: {memory: 1}}}
C    | OB411 | resources twice on a worker | workerGroups: {cpu: {rayStartParams: {resources: "{}"}, rayResources: {a: 1}}}
C    | ok    | CPUs as Ray resource | head: {rayResources: {CPU: 0}}
C    | ok    | CPUs as parameter | head: {rayStartParams: {num-cpus: "1"}}
C    | ok    | an empty parameter beside Ray resources | workerGroups: {cpu: {rayStartParams: {num-cpus: ""}, rayResources: {CPU: 1}}}
C    | ok    | another parameter beside Ray resources | workerGroups: {cpu: {rayStartParams: {block: "true"}, rayResources: {CPU: 1}}}
CJSN | OB412 | labels as parameter of the head | head: {rayStartParams: {labels: zone=a}}
CJSN | OB412 | labels as parameter of a worker | workerGroups: {cpu: {rayStartParams: {labels: zone=a}}}
C    | OB412 | empty labels as parameter | head: {rayStartParams: {labels: ""}}
CJSN | OB413 | a label value with a blank | spec: {headGroupSpec: {labels: {zone: a b}}}
C    | OB413 | a label value of 64 letters | spec: {headGroupSpec: {labels: {zone: X64}}}
C    | ok    | a label value of 63 letters | spec: {headGroupSpec: {labels: {zone: X63}}}
C    | ok    | an empty label value | spec: {headGroupSpec: {labels: {zone: ""}}}
C    | OB413 | a label value that ends in a dash | spec: {headGroupSpec: {labels: {zone: a-}}}
C    | OB413 | a label key of 64 letters | spec: {headGroupSpec: {labels: {X64: a}}}
C    | ok    | a label key of 63 letters with a prefix | spec: {headGroupSpec: {labels: {example.com/X63: a}}}
CJSN | OB413 | a label key with two slashes | spec: {workerGroupSpecs: [{groupName: cpu, labels: {a/b/c: a}}]}
C    | OB413 | a label key with a prefix in capitals | spec: {headGroupSpec: {labels: {Example.com/zone: a}}}
C    | OB413 | a label key with an underscore in its prefix | spec: {headGroupSpec: {labels: {a_b/zone: a}}}
C    | OB413 | a label key with an empty prefix | spec: {headGroupSpec: {labels: {/zone: a}}}
C    | OB413 | a label key without a name | spec: {headGroupSpec: {labels: {example.com/: a}}}
C    | OB413 | a label key with a blank | spec: {headGroupSpec: {labels: {a b: a}}}
C    | OB413 | a label key with a prefix of 254 letters | spec: {headGroupSpec: {labels: {LONG254/zone: a}}}
CJSN | OB414 | fewer than no workers | spec: {workerGroupSpecs: [{groupName: cpu, minReplicas: -1}]}
CJSN | OB414 | at most fewer than no workers | spec: {workerGroupSpecs: [{groupName: cpu, minReplicas: -2, maxReplicas: -1}]}
CJSN | OB415 | bounds that cross | workerGroups: {cpu: {replicas: 5, minReplicas: 5, maxReplicas: 4}}
C    | OB415 | bounds that cross under the autoscaler | {AUTO, workerGroups: {cpu: {minReplicas: 5, maxReplicas: 4}}}
C    | ok    | bounds that meet | workerGroups: {cpu: {replicas: 2, minReplicas: 2, maxReplicas: 2}}
C    | ok    | more replicas than the bound | workerGroups: {cpu: {replicas: 3, minReplicas: 0, maxReplicas: 2}}
C    | ok    | fewer replicas than the bound | workerGroups: {cpu: {replicas: 1, minReplicas: 2, maxReplicas: 3}}
C    | ok    | a negative number of replicas | spec: {workerGroupSpecs: [{groupName: cpu, replicas: -1, minReplicas: 0}]}
C    | ok    | bounds left to OneBlock | spec: {workerGroupSpecs: [{groupName: more, replicas: 1, WORKER}]}
C    | ok    | no hosts | spec: {workerGroupSpecs: [{groupName: cpu, numOfHosts: 0}]}
C    | ok    | a suspended group | workerGroups: {cpu: {suspend: true}}
CJSN | OB419 | a suspended group under the autoscaler | {AUTO, workerGroups: {cpu: {suspend: true}}}
C    | ok    | a group not suspended under the autoscaler | {AUTO, workerGroups: {cpu: {suspend: false}}}
CJ   | OB420 | an autoscaler without groups | {AUTO, workerGroups: null}
CJSN | ok    | an autoscaler | {AUTO}
C    | ok    | an autoscaler of version 1 | autoscaling: {enabled: true, version: v1}
CJ   | ok    | an autoscaler of version 2 | autoscaling: {enabled: true, version: v2}
C    | ok    | a careful autoscaler | autoscaling: {enabled: true, upscalingMode: Conservative, idleTimeoutSeconds: 0}
C    | ok    | options without an autoscaler | spec: {autoscalerOptions: {version: v2}}
C    | ok    | the operator's own variable in the autoscaler | {AUTO, spec: {autoscalerOptions: {env: [{name: KUBERAY_GEN_AUTOSCALER_START_CMD, value: x}]}}}
CJSN | OB421 | a group's negative patience | {AUTO2, spec: {workerGroupSpecs: [{groupName: cpu, idleTimeoutSeconds: -1}]}}
C    | OB421 | a group's negative patience without v2 | {AUTO, spec: {workerGroupSpecs: [{groupName: cpu, idleTimeoutSeconds: -1}]}}
CJSN | OB422 | a group's patience without v2 | {AUTO, workerGroups: {cpu: {idleTimeoutSeconds: 30}}}
C    | OB422 | a group's patience with v1 | {autoscaling: {enabled: true, version: v1}, workerGroups: {cpu: {idleTimeoutSeconds: 30}}}
C    | OB422 | a group's patience without an autoscaler | workerGroups: {cpu: {idleTimeoutSeconds: 0}}
C    | ok    | a group's patience with v2 | {AUTO2, workerGroups: {cpu: {idleTimeoutSeconds: 30}}}
C    | ok    | a group's patience with v2 by variable | {AUTO, head: {env: {V2: "true"}}, workerGroups: {cpu: {idleTimeoutSeconds: 30}}}
C    | ok    | a group's patience with options and no autoscaler | {spec: {autoscalerOptions: {version: v2}}, workerGroups: {cpu: {idleTimeoutSeconds: 30}}}
C    | OB422 | a group's patience with v2 written True | {AUTO, head: {env: {V2: "True"}}, workerGroups: {cpu: {idleTimeoutSeconds: 30}}}
CJSN | OB423 | the cluster's negative patience | {AUTO, spec: {autoscalerOptions: {idleTimeoutSeconds: -5}}}
C    | OB423 | the cluster's negative patience without an autoscaler | spec: {autoscalerOptions: {idleTimeoutSeconds: -5}}
CJSN | OB426 | the autoscaler's version twice | {AUTO2, head: {env: {V2: "1"}}}
C    | OB426 | the autoscaler's version twice, and off | {AUTO2, head: {env: {V2: "0"}}}
C    | ok    | the autoscaler's version as variable of a worker | {AUTO2, workerGroups: {cpu: {env: {V2: "1"}}}}
C    | ok    | the autoscaler's version by variable | {AUTO, head: {env: {V2: "1"}}}
CJSN | OB427 | version 2 without an autoscaler | head: {env: {V2: "1"}}
C    | OB427 | version 2 without an autoscaler, in letters | head: {env: {V2: "true"}}
C    | ok    | version 2 declined | head: {env: {V2: "0"}}
C    | ok    | version 2 in capitals, which nobody reads | head: {env: {V2: "True"}}
CJSN | OB428 | a head that restarts under v2 | {AUTO2, head: {template: {spec: {restartPolicy: Always}}}}
CJSN | OB428 | workers that restart under v2 | {AUTO2, workerGroups: {cpu: {template: {spec: {restartPolicy: OnFailure}}}}}
C    | ok    | workers that do not restart under v2 | {AUTO2, workerGroups: {cpu: {template: {spec: {restartPolicy: Never}}}}}
C    | ok    | workers that restart under v1 | {autoscaling: {enabled: true, version: v1}, workerGroups: {cpu: {template: {spec: {restartPolicy: Always}}}}}
C    | ok    | a head that restarts under v2 by variable | {AUTO, head: {env: {V2: "1"}, template: {spec: {restartPolicy: Always}}}}
CJS  | OB430 | fault tolerance twice | {FT, annotations: {ray.io/ft-enabled: "true"}}
C    | OB430 | fault tolerance on and off | {FT, annotations: {ray.io/ft-enabled: "false"}}
N    | ok    | fault tolerance twice, one of which is lost | {FT, annotations: {ray.io/ft-enabled: "true"}}
C    | ok    | fault tolerance and an empty annotation | {FT, annotations: {ray.io/ft-enabled: ""}}
CJSN | ok    | fault tolerance | {FT}
C    | ok    | fault tolerance by annotation | annotations: {ray.io/ft-enabled: "true"}
CJSN | OB431 | Redis behind the operator's back | head: {env: {RAY_REDIS_ADDRESS: "redis:6379"}}
C    | OB431 | Redis, and fault tolerance declined | {annotations: {ray.io/ft-enabled: "false"}, head: {env: {RAY_REDIS_ADDRESS: "redis:6379"}}}
CJS  | ok    | Redis and fault tolerance by annotation | {annotations: {ray.io/ft-enabled: "TRUE"}, head: {env: {RAY_REDIS_ADDRESS: "redis:6379"}}}
N    | OB431 | Redis and an annotation that does not reach the runs | {annotations: {ray.io/ft-enabled: "true"}, head: {env: {RAY_REDIS_ADDRESS: "redis:6379"}}}
C    | ok    | Redis for the workers | workerGroups: {cpu: {env: {RAY_REDIS_ADDRESS: "redis:6379"}}}
CJSN | OB432 | Redis' password as parameter | {FT, head: {rayStartParams: {redis-password: $REDIS_PASSWORD}}}
C    | ok    | Redis' password as parameter without fault tolerance | head: {rayStartParams: {redis-password: $REDIS_PASSWORD}}
CJSN | OB433 | Redis' password as variable | {FT, head: {env: {REDIS_PASSWORD: {SECRET}}}}
C    | ok    | Redis' password as variable without fault tolerance | head: {env: {REDIS_PASSWORD: {SECRET}}}
CJSN | OB434 | Redis' address as variable | {FT, head: {env: {RAY_REDIS_ADDRESS: "redis:6379"}}}
CJS  | OB435 | Redis' namespace twice | {FT, annotations: {ray.io/external-storage-namespace: mine}}
N    | ok    | Redis' namespace twice, one of which is lost | {FT, annotations: {ray.io/external-storage-namespace: mine}}
C    | ok    | Redis' namespace by annotation | annotations: {ray.io/ft-enabled: "true", ray.io/external-storage-namespace: mine}
CJSN | OB436 | Redis' user as parameter | head: {rayStartParams: {redis-username: team}}
CJSN | OB436 | Redis' user as variable | head: {env: {REDIS_USERNAME: team}}
C    | ok    | Redis' user as empty parameter | head: {rayStartParams: {redis-username: ""}}
CJSN | OB442 | a token for an old Ray | spec: {rayVersion: 2.51.9, authOptions: {mode: token}}
C    | OB442 | a token for no Ray | spec: {rayVersion: "", authOptions: {mode: token}}
C    | OB442 | a token for a Ray that is no number | spec: {rayVersion: nightly, authOptions: {mode: token}}
C    | OB442 | a token for a Ray of one number | spec: {rayVersion: "3", authOptions: {mode: token}}
C    | OB442 | a token for a Ray with a leading zero | spec: {rayVersion: "02.52.0", authOptions: {mode: token}}
C    | OB442 | a token for Ray 1 | spec: {rayVersion: 1.100.0, authOptions: {mode: token}}
CJSN | ok    | a token | spec: {authOptions: {mode: token}}
C    | ok    | a token for the first Ray that takes it | spec: {rayVersion: "2.52", authOptions: {mode: token}}
C    | ok    | a token for a Ray with a v | spec: {rayVersion: v2.52.0, authOptions: {mode: token}}
C    | ok    | a token for a candidate | spec: {rayVersion: 2.52.0rc1, authOptions: {mode: token}}
C    | ok    | a token for a Ray of three digits | spec: {rayVersion: 2.100.0, authOptions: {mode: token}}
C    | ok    | a token for Ray 3 | spec: {rayVersion: 3.0.0, authOptions: {mode: token}}
C    | ok    | a token for Ray 10 | spec: {rayVersion: 10.1-x, authOptions: {mode: token}}
C    | ok    | a token for a Ray with a leading zero inside | spec: {rayVersion: 2.052.0, authOptions: {mode: token}}
C    | ok    | a token for a Ray after a blank | spec: {rayVersion: " 2.52.0", authOptions: {mode: token}}
C    | ok    | a token of one's own | spec: {authOptions: {mode: token, secretName: mine}}
C    | ok    | no token for an old Ray | spec: {rayVersion: 2.9.0, authOptions: {mode: disabled}}
C    | OB443 | Kubernetes' token for an old Ray | spec: {rayVersion: 2.54.9, authOptions: {mode: token, enableK8sTokenAuth: true}}
C    | ok    | Kubernetes' token | spec: {rayVersion: 2.55.0, authOptions: {mode: token, enableK8sTokenAuth: true}}
C    | OB444 | Kubernetes' token and a Secret | spec: {authOptions: {mode: token, enableK8sTokenAuth: true, secretName: mine}}
C    | ok    | Kubernetes' token and an empty name | spec: {authOptions: {mode: token, enableK8sTokenAuth: true, secretName: ""}}
C    | OB445 | Kubernetes' token, and nothing asks for it | spec: {authOptions: {mode: disabled, enableK8sTokenAuth: true}}
C    | OB445 | Kubernetes' token without a mode | spec: {authOptions: {enableK8sTokenAuth: true}}
JSN  | OB446 | Kubernetes' token in an owned cluster | spec: {authOptions: {mode: token, enableK8sTokenAuth: true}}
C    | ok    | authOptions that do nothing | spec: {authOptions: {}}
CJSN | OB460 | a Service of no kind | spec: {headGroupSpec: {serviceType: Loadbalancer}}
C    | ok    | a Service on every node | head: {serviceType: NodePort}
C    | ok    | a Service with a load balancer | head: {serviceType: LoadBalancer}
C    | OB460 | a Service with another name | spec: {headGroupSpec: {serviceType: ExternalName}}
C    | ok    | a Service with another name that says which | spec: {headGroupSpec: {serviceType: ExternalName, headService: {metadata: {}, spec: {externalName: example.com}}}}
C    | OB408 | a pod label with blanks | head: {template: {metadata: {labels: {purpose: for the demo}}}}
C    | OB408 | a worker's pod annotation with a blank | workerGroups: {cpu: {template: {metadata: {annotations: {a b: x}}}}}
C    | OB407 | an object label with blanks | labels: {purpose: for the demo}
C    | ok    | a log volume and code | {logs: {size: 1Gi}, code: {files: {a.py: pass}}}
C    | OB2   | a mistyped field of a container | head: {template: {spec: {containers: [{name: ray-head, imag: x}]}}}
C    | OB2   | a mistyped field of a group | spec: {headGroupSpec: {rayStartParam: {}}}
C    | OB2   | a mistyped field of a worker | spec: {workerGroupSpecs: [{groupName: cpu, replica: 1}]}
C    | OB2   | replicas in words | spec: {workerGroupSpecs: [{groupName: cpu, replicas: two}]}
C    | OB2   | containers as a map | spec: {headGroupSpec: {template: {spec: {hostNetwork: "yes"}}}}
C    | OB2   | a mode of scaling that is none | {AUTO, spec: {autoscalerOptions: {upscalingMode: Fast}}}
C    | OB2   | a version of the autoscaler that is none | {AUTO, spec: {autoscalerOptions: {version: v3}}}
C    | OB2   | a mode of authentication that is none | spec: {authOptions: {mode: password}}
C    | OB2   | a kind of upgrade that is none | spec: {upgradeStrategy: {type: Rolling}}
C    | OB2   | a worker's priority, new in 1.7 | spec: {workerGroupSpecs: [{groupName: cpu, priority: 10}]}
C    | OB2   | the autoscaler's command, new in 1.7 | {AUTO, spec: {autoscalerOptions: {command: [ray]}}}
C    | OB2   | state on a volume, new in 1.7 | spec: {gcsFaultToleranceOptions: {redisAddress: x, backend: rocksdb, storage: {size: 2Gi}}}
C    | OB2   | network policies, new in 1.7 | spec: {networkPolicy: {mode: DenyAll}}
C    | OB2   | mutual TLS, new in 1.7 | spec: {tlsOptions: {enabled: false}}
C    | OB2   | the history server, new in 1.7 | spec: {historyServerOptions: {collectorOptions: {image: x}}}
C    | OB2   | ingress options, new in 1.7 | spec: {headGroupSpec: {ingressOptions: {host: x}}}
C    | OB400 | fault tolerance without an address | spec: {gcsFaultToleranceOptions: {redisUsername: {value: a}}}
"""

JOBS = r"""
JN | OB461 | suspended, and its cluster stays | {shutdownAfterJobFinishes: false, spec: {suspend: true}}
J  | ok    | suspended | suspend: true
JN | OB462 | a negative time after the end | spec: {ttlSecondsAfterFinished: -1}
JN | OB463 | a time after the end, and the cluster stays | {shutdownAfterJobFinishes: false, ttlSecondsAfterFinished: 60}
JN | ok    | a time after the end | ttlSecondsAfterFinished: 60
JN | ok    | the cluster stays | shutdownAfterJobFinishes: false
JN | OB464 | no cluster at all | rayCluster: null
JN | OB465 | a selector of something else | {rayCluster: null, spec: {clusterSelector: {team: data}}}
JN | OB465 | a selector of nothing | {rayCluster: null, spec: {clusterSelector: {ray.io/cluster: ""}}}
JN | ok    | another cluster | ELSEWHERE
JN | OB466 | suspended on another cluster | {ELSEWHERE, shutdownAfterJobFinishes: true, spec: {suspend: true}}
JN | OB467 | a sidecar on another cluster | {ELSEWHERE, submissionMode: SidecarMode}
JN | OB468 | tried again on another cluster | {ELSEWHERE, backoffLimit: 1}
JN | ok    | not tried again on another cluster | {ELSEWHERE, backoffLimit: 0}
J  | ok    | a cluster of its own, and another | {clusters: [main], spec: {clusterSelector: {ray.io/cluster: main}}}
JN | ok    | tried again | backoffLimit: 2
JN | OB470 | by hand, and tried again | {submissionMode: InteractiveMode, backoffLimit: 1}
JN | ok    | by hand | submissionMode: InteractiveMode
JN | OB471 | a sidecar with a submitter's limit | {submissionMode: SidecarMode, spec: {submitterConfig: {backoffLimit: 3}}}
JN | OB471 | a sidecar with a submitter's pod | {submissionMode: SidecarMode, spec: {submitterPodTemplate: {SUBMITTER}}}
JN | ok    | a submitter's limit and pod | spec: {submitterConfig: {backoffLimit: 3}, submitterPodTemplate: {SUBMITTER}}
JN | OB472 | a sidecar in a head that restarts | {submissionMode: SidecarMode, rayCluster: {head: {template: {spec: {restartPolicy: Always}}}}}
JN | ok    | a sidecar in a head that does not | {submissionMode: SidecarMode, rayCluster: {head: {template: {spec: {restartPolicy: Never}}}}}
JN | ok    | a sidecar | submissionMode: SidecarMode
JN | ok    | over HTTP | submissionMode: HTTPMode
JN | OB473 | a mode that is none | spec: {submissionMode: K8SJobMode}
J  | OB473 | a mode that is none, suspended | {suspend: true, spec: {submissionMode: K8SJobMode}}
JN | OB473 | an older KubeRay's mode | spec: {submissionMode: UserMode}
JN | OB474 | an environment that is no YAML | spec: {runtimeEnvYAML: "pip: [torch"}
JN | OB474 | an environment that is a list | spec: {runtimeEnvYAML: "- torch"}
JN | OB474 | an environment that is a word | spec: {runtimeEnvYAML: torch}
J  | ok    | an environment with a key twice | spec: {runtimeEnvYAML: "pip: [a]\npip: [b]"}
J  | OB474 | an environment with a tab | spec: {runtimeEnvYAML: "pip:\n\t- a"}
J  | OB474 | two environments, the first of which counts | spec: {runtimeEnvYAML: "pip: [a]\n---\npip: [b]"}
JN | ok    | an environment | runtimeEnv: {pip: [torch]}
J  | ok    | an empty environment | spec: {runtimeEnvYAML: ""}
J  | ok    | an environment of nothing | spec: {runtimeEnvYAML: "null"}
J  | ok    | an environment of a comment | spec: {runtimeEnvYAML: "# none"}
JN | OB475 | no time to run | spec: {activeDeadlineSeconds: 0}
JN | OB475 | less than no time to run | spec: {activeDeadlineSeconds: -1}
JN | ok    | an hour to run | activeDeadlineSeconds: 3600
JN | OB476 | no time to wait | spec: {preRunningDeadlineSeconds: 0}
JN | ok    | an hour to wait | spec: {preRunningDeadlineSeconds: 3600}
JN | OB477 | tried less than once | spec: {backoffLimit: -1}
JN | OB479 | deletion without rules | {STAYS, spec: {deletionStrategy: {}}}
JN | OB479 | deletion with no rules in a list | {STAYS, spec: {deletionStrategy: {deletionRules: []}}}
JN | OB479 | deletion on success only | {STAYS, spec: {deletionStrategy: {onSuccess: {policy: DeleteCluster}}}}
JN | OB479 | deletion on failure only | {STAYS, spec: {deletionStrategy: {onFailure: {policy: DeleteCluster}}}}
JN | OB479 | deletion in both forms | {STAYS, spec: {deletionStrategy: {OLD, deletionRules: [DeleteSelf@SUCCEEDED+1]}}}
J  | OB479 | deletion without a policy | {STAYS, spec: {deletionStrategy: {onSuccess: {}, onFailure: {policy: DeleteNone}}}}
JN | ok    | deletion in the old form | {STAYS, spec: {deletionStrategy: {OLD}}}
JN | ok    | deletion by rules | {STAYS, spec: {deletionStrategy: {deletionRules: [DeleteWorkers@SUCCEEDED+0, DeleteSelf@SUCCEEDED+9]}}}
JN | OB480 | rules, and the cluster goes | {shutdownAfterJobFinishes: true, spec: {deletionStrategy: {deletionRules: [DeleteSelf@SUCCEEDED]}}}
JN | OB482 | deleting another cluster | {ELSEWHERE, spec: {deletionStrategy: {deletionRules: [DeleteCluster@SUCCEEDED]}}}
JN | OB482 | deleting another cluster's workers | {ELSEWHERE, spec: {deletionStrategy: {deletionRules: [DeleteWorkers@SUCCEEDED]}}}
JN | OB482 | deleting another cluster in the old form | {ELSEWHERE, spec: {deletionStrategy: {onSuccess: {policy: DeleteNone}, onFailure: {policy: DeleteCluster}}}}
JN | ok    | deleting oneself on another cluster | {ELSEWHERE, spec: {deletionStrategy: {deletionRules: [DeleteSelf@SUCCEEDED]}}}
JN | OB483 | deleting autoscaled workers | {STAYS, rayCluster: {AUTO}, spec: {deletionStrategy: {deletionRules: [DeleteWorkers@SUCCEEDED]}}}
JN | OB483 | deleting autoscaled workers in the old form | {STAYS, rayCluster: {AUTO}, spec: {deletionStrategy: {onSuccess: {policy: DeleteWorkers}, onFailure: {policy: DeleteSelf}}}}
JN | ok    | deleting an autoscaled cluster | {STAYS, rayCluster: {AUTO}, spec: {deletionStrategy: {deletionRules: [DeleteCluster@SUCCEEDED]}}}
JN | OB484 | nothing goes, and the cluster goes | {shutdownAfterJobFinishes: true, spec: {deletionStrategy: {OLD}}}
JN | ok    | old rules, and the cluster goes | {shutdownAfterJobFinishes: true, spec: {deletionStrategy: {onSuccess: {policy: DeleteSelf}, onFailure: {policy: DeleteCluster}}}}
JN | OB485 | a rule twice | {STAYS, spec: {deletionStrategy: {deletionRules: [DeleteSelf@SUCCEEDED, DeleteSelf@SUCCEEDED+5]}}}
JN | ok    | a rule for each end | {STAYS, spec: {deletionStrategy: {deletionRules: [DeleteSelf@SUCCEEDED, DeleteSelf@FAILED]}}}
JN | ok    | a rule for each kind of failure | {STAYS, spec: {deletionStrategy: {deletionRules: [DeleteSelf@FAILED, DeleteSelf@Failed]}}}
J  | OB485 | a rule for a broken job twice | {STAYS, spec: {deletionStrategy: {deletionRules: [DeleteSelf@Failed, DeleteSelf@Failed+5]}}}
JN | OB486 | the cluster before its workers | {STAYS, spec: {deletionStrategy: {deletionRules: [DeleteWorkers@SUCCEEDED+9, DeleteCluster@SUCCEEDED]}}}
JN | OB486 | the job before its workers | {STAYS, spec: {deletionStrategy: {deletionRules: [DeleteSelf@SUCCEEDED, DeleteWorkers@SUCCEEDED+9]}}}
J  | ok    | the job before its workers at another end | {STAYS, spec: {deletionStrategy: {deletionRules: [DeleteSelf@FAILED, DeleteWorkers@SUCCEEDED+9]}}}
J  | ok    | nothing before everything | {STAYS, spec: {deletionStrategy: {deletionRules: [DeleteNone@SUCCEEDED+9, DeleteSelf@SUCCEEDED]}}}
JN | OB487 | a rule for two ends | {STAYS, spec: {deletionStrategy: {deletionRules: [{policy: DeleteSelf, condition: {jobStatus: FAILED, jobDeploymentStatus: Failed}}]}}}
JN | OB487 | a rule for no end | {STAYS, spec: {deletionStrategy: {deletionRules: [{policy: DeleteSelf, condition: {ttlSeconds: 1}}]}}}
JN | OB487 | a rule for a negative time | {STAYS, spec: {deletionStrategy: {deletionRules: [DeleteSelf@SUCCEEDED+-1]}}}
JN | OB489 | a submitter without containers | spec: {submitterPodTemplate: {spec: {containers: []}}}
J  | ok    | a submitter without containers over HTTP | {submissionMode: HTTPMode, spec: {submitterPodTemplate: {spec: {containers: []}}}}
J  | OB2   | a policy that is none | {STAYS, spec: {deletionStrategy: {deletionRules: [DeleteAll@SUCCEEDED]}}}
J  | OB2   | a mistyped field | spec: {entrypoints: x}
J  | OB2   | a number in words | spec: {activeDeadlineSeconds: an hour}
"""

SERVICES = r"""
S | OB490 | a head Service with a name | rayCluster: {spec: {headGroupSpec: {headService: {metadata: {name: mine}}}}}
S | ok    | a head Service with an annotation | rayCluster: {spec: {headGroupSpec: {headService: {metadata: {annotations: {a: b}}}}}}
S | OB491 | an upgrade that is none | spec: {upgradeStrategy: {type: Recreate}}
S | OB491 | an upgrade of no name | spec: {upgradeStrategy: {type: ""}}
S | ok    | no upgrades | upgradeStrategy: None
S | ok    | upgrades by a new cluster | upgradeStrategy: NewCluster
S | OB492 | a negative time until the old cluster goes | spec: {rayClusterDeletionDelaySeconds: -1}
S | ok    | no time until the old cluster goes | spec: {rayClusterDeletionDelaySeconds: 0}
S | OB493 | a time to start in words | annotations: {ray.io/initializing-timeout: 5 minutes}
S | OB493 | no time to start | annotations: {ray.io/initializing-timeout: 0s}
S | OB493 | no seconds to start | annotations: {ray.io/initializing-timeout: "0"}
S | OB493 | negative seconds to start | annotations: {ray.io/initializing-timeout: "-5"}
S | OB493 | a negative time to start | annotations: {ray.io/initializing-timeout: -5m}
S | OB493 | a fraction of a second without a unit | annotations: {ray.io/initializing-timeout: "1.5"}
S | OB493 | days to start | annotations: {ray.io/initializing-timeout: 1d}
S | OB493 | a time to start after a blank | annotations: {ray.io/initializing-timeout: " 5m"}
S | OB493 | a time to start in underscores | annotations: {ray.io/initializing-timeout: "1_000"}
S | ok    | minutes to start | annotations: {ray.io/initializing-timeout: 1h30m}
S | ok    | fractions to start | annotations: {ray.io/initializing-timeout: ".5h"}
S | ok    | seconds to start | annotations: {ray.io/initializing-timeout: "300"}
S | ok    | seconds to start with a plus | annotations: {ray.io/initializing-timeout: "+300"}
S | ok    | no word on the time to start | annotations: {ray.io/initializing-timeout: ""}
S | ok    | an incremental upgrade, and the gate is off | {rayCluster: {AUTO}, spec: {upgradeStrategy: {INCREMENTAL, WHOLE}}}
S | ok    | an incremental upgrade of nothing, and the gate is off | spec: {upgradeStrategy: {INCREMENTAL}}
S | ok    | applications | serveConfig: {applications: []}
S | OB496 | applications that are no YAML | spec: {serveConfigV2: "applications: ["}
S | OB496 | applications that are a list | spec: {serveConfigV2: "- a"}
S | ok    | no requests to the head | spec: {excludeHeadPodFromServeSvc: true}
S | OB2   | suspension, new in 1.7 | spec: {suspend: true}
"""

UPGRADES = r"""
S | ok    | an incremental upgrade | {rayCluster: {AUTO}, spec: {upgradeStrategy: {INCREMENTAL, WHOLE}}}
S | OB494 | an incremental upgrade without an autoscaler | spec: {upgradeStrategy: {INCREMENTAL, WHOLE}}
S | OB494 | an incremental upgrade of nothing | {rayCluster: {AUTO}, spec: {upgradeStrategy: {INCREMENTAL}}}
S | OB494 | a surge above all | {rayCluster: {AUTO}, spec: {upgradeStrategy: {INCREMENTAL, clusterUpgradeOptions: {OPTIONS, maxSurgePercent: 101}}}}
S | OB494 | a step below nothing | {rayCluster: {AUTO}, spec: {upgradeStrategy: {INCREMENTAL, clusterUpgradeOptions: {OPTIONS, stepSizePercent: -1}}}}
S | OB494 | no pause | {rayCluster: {AUTO}, spec: {upgradeStrategy: {INCREMENTAL, clusterUpgradeOptions: {OPTIONS, intervalSeconds: 0}}}}
S | OB494 | a class of gateways without a name | {rayCluster: {AUTO}, spec: {upgradeStrategy: {INCREMENTAL, clusterUpgradeOptions: {OPTIONS, gatewayClassName: ""}}}}
S | ok    | a step above the surge, which 1.6 takes | {rayCluster: {AUTO}, spec: {upgradeStrategy: {INCREMENTAL, clusterUpgradeOptions: {OPTIONS, maxSurgePercent: 10}}}}
"""

SCHEDULES = r"""
N | ok    | every few minutes | schedule: "*/5 * * * *"
N | ok    | names and lists | schedule: "0,30 8-18/2 ? jan-mar,OCT mon-fri"
N | ok    | a word | schedule: "@weekly"
N | ok    | an interval | schedule: "@every 1h30m"
N | ok    | a leap day | schedule: "0 0 29 2 *"
N | ok    | a zone in the schedule | schedule: "TZ=Europe/Berlin 0 3 * * *"
N | ok    | a zone in cron's words | schedule: "CRON_TZ=UTC 0 3 * * *"
N | ok    | suspended | suspend: true
N | ok    | suspended, and the clusters of its runs stay | {shutdownAfterJobFinishes: false, suspend: true}
N | ok    | suspended, and its runs are on another cluster | {ELSEWHERE, suspend: true}
N | OB497 | four fields | schedule: "* * * *"
N | OB497 | an interval backwards in time | schedule: "@every -5h"
N | OB497 | six fields | schedule: "0 0 0 * * *"
N | OB497 | the eighth day of the week | schedule: "0 0 * * 7"
N | OB497 | the sixtieth minute | schedule: "60 * * * *"
N | OB497 | the zeroth month | schedule: "0 0 1 0 *"
N | OB497 | a range backwards | schedule: "0 18-8 * * *"
N | OB497 | a step of nothing | schedule: "*/0 * * * *"
N | OB497 | a word that is none | schedule: "@fortnightly"
N | OB497 | an interval that is none | schedule: "@every hour"
N | OB497 | letters | schedule: "0 0 L * *"
N | OB497 | a day that never comes | schedule: "0 0 30 2 *"
N | OB498 | a zone that is none | schedule: "TZ=Europe/Berln 0 3 * * *"
N | OB2   | a zone of its own, new in 1.7 | {schedule: "0 3 * * *", spec: {timeZone: UTC}}
"""

NAMES = r"""
C | OB401 | of 54 letters | n54
C | ok    | of 53 letters | n53
J | OB401 | of 48 letters | n48
J | ok    | of 47 letters | n47
S | OB401 | of 48 letters | n48
S | ok    | of 47 letters | n47
N | OB401 | of 42 letters | n42
N | ok    | of 41 letters | n41
C | OB402 | that starts with a digit | 1st-cluster
J | OB402 | that starts with a digit | 1st-job
S | OB402 | that starts with a digit | 1st-service
N | OB402 | that starts with a digit | 1st-timer
C | OB402 | with a dot | first.cluster
J | OB402 | with a dot | first.job
S | OB402 | with a dot | first.service
N | OB402 | with a dot | first.timer
"""

CLOSED = r"""
C | OB418 | a suspended group, and the gate is off | workerGroups: {cpu: {suspend: true}}
J | OB418 | a suspended group, and the gate is off | rayCluster: {workerGroups: {cpu: {suspend: true}}}
C | ok    | a group not suspended, and the gate is off | workerGroups: {cpu: {suspend: false}}
J | OB478 | deletion by rules, and the gate is off | {STAYS, spec: {deletionStrategy: {deletionRules: [DeleteSelf@SUCCEEDED]}}}
J | OB478 | deletion in the old form, and the gate is off | {STAYS, spec: {deletionStrategy: {OLD}}}
N | OB499 | a schedule, and the gate is off | {}
"""

VOLCANO = r"""
C | ok    | a gang | {}
J | ok    | a job's gang | {}
S | ok    | a service's gang | {}
J | OB488 | a gang on another cluster | ELSEWHERE
N | OB409 | a queue that the runs do not know | queue: research
N | ok    | the queue of everybody | queue: default
"""

WORDS = {
    "WORKER": "template: {spec: {containers: [{name: ray-worker, image: ray}]}}",
    "SUBMITTER": "spec: {containers: [{name: submit, image: ray}], restartPolicy: Never}",
    "SECRET": "valueFrom: {secretKeyRef: {name: redis, key: password}}",
    "AUTO2": "autoscaling: {enabled: true, version: v2}",
    "AUTO": "autoscaling: {enabled: true}",
    "V2": "RAY_enable_autoscaler_v2",
    "FT": "gcsFaultTolerance: {enabled: true}",
    "ELSEWHERE": "clusters: [main], rayCluster: null, cluster: main",
    "STAYS": "shutdownAfterJobFinishes: false",
    "OLD": "onSuccess: {policy: DeleteCluster}, onFailure: {policy: DeleteNone}",
    "INCREMENTAL": "type: NewClusterWithIncrementalUpgrade",
    "WHOLE": "clusterUpgradeOptions: {OPTIONS}",
    "OPTIONS": "maxSurgePercent: 50, stepSizePercent: 50, intervalSeconds: 10, gatewayClassName: istio",
    "X64": "x" * 64,
    "X63": "x" * 63,
    "LONG254": "a." * 126 + "aa",
}
"""What a word in capitals stands for."""
