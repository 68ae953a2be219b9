{{- /*
The feature gates that are said on the command line: this chart's choices and the user's. A name that this version does
not know would end the operator at its start, so it ends the render.
*/ -}}
{{- define "oneblock.operator.saidGates" -}}
{{- $known := list "RayClusterStatusConditions" "RayJobDeletionPolicy" "RayMultiHostIndexing" "RayServiceIncrementalUpgrade" "RayCronJob" "AsyncJobInfoQuery" -}}
{{- $said := dict "RayCronJob" true -}}
{{- range $gate, $on := .Values.featureGates -}}
{{- if not (has $gate $known) -}}
{{- fail (printf "operator.featureGates: KubeRay 1.6.2 has no gate %s (it would not start); it has %s" $gate (join ", " $known)) -}}
{{- end -}}
{{- $_ := set $said $gate $on -}}
{{- end -}}
{{- toYaml $said -}}
{{- end -}}

{{- /* Every gate of this version and whether it is on. */ -}}
{{- define "oneblock.operator.gates" -}}
{{- $gates := dict "RayClusterStatusConditions" true "RayJobDeletionPolicy" true "RayMultiHostIndexing" true "RayServiceIncrementalUpgrade" false "RayCronJob" false "AsyncJobInfoQuery" false -}}
{{- range $gate, $on := include "oneblock.operator.saidGates" . | fromYaml }}{{ $_ := set $gates $gate $on }}{{ end -}}
{{- toYaml $gates -}}
{{- end -}}

{{- /* What the operator may do in a namespace it watches. */ -}}
{{- define "oneblock.operator.rules" -}}
{{- $gates := include "oneblock.operator.gates" . | fromYaml -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [create, delete, deletecollection, get, list, patch, update, watch]
- apiGroups: [""]
  resources: [pods/status, services/status]
  verbs: [get, patch, update]
- apiGroups: [""]
  resources: [pods/resize]
  verbs: [patch]
- apiGroups: [""]
  resources: [services]
  verbs: [create, delete, get, list, patch, update, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [create, delete, get, list, watch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [create, get, list, watch]
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [create, patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [create, delete, get, list, patch, update, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [create, delete, get, list, patch, update, watch]
{{- if get $gates "RayServiceIncrementalUpgrade" }}
- apiGroups: [gateway.networking.k8s.io]
  resources: [gateways, httproutes]
  verbs: [create, get, list, update, watch]
{{- end }}
- apiGroups: [route.openshift.io]
  resources: [routes]
  verbs: [create, delete, get, list, patch, update, watch]
- apiGroups: [ray.io]
  resources: [rayclusters, rayjobs, rayservices]
  verbs: [create, delete, get, list, patch, update, watch]
- apiGroups: [ray.io]
  resources: [rayclusters/status, rayjobs/status, rayservices/status]
  verbs: [get, patch, update]
- apiGroups: [ray.io]
  resources: [rayclusters/finalizers, rayjobs/finalizers, rayservices/finalizers]
  verbs: [update]
- apiGroups: [ray.io]
  resources: [raycronjobs]
  verbs: [create, delete, get, list, patch, update, watch]
- apiGroups: [ray.io]
  resources: [raycronjobs/status]
  verbs: [get, patch, update]
- apiGroups: [ray.io]
  resources: [raycronjobs/finalizers]
  verbs: [update]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles]
  verbs: [create, delete, get, list, update, watch]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [rolebindings]
  verbs: [create, delete, get, list, watch]
{{- if eq .Values.global.batchScheduler "volcano" }}
- apiGroups: [scheduling.volcano.sh]
  resources: [podgroups]
  verbs: [create, delete, get, list, update, watch]
{{- end }}

{{- end -}}

{{- /* What it needs of things that are in no namespace. */ -}}
{{- define "oneblock.operator.clusterRules" -}}

{{- end -}}
