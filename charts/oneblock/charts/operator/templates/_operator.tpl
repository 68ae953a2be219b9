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
  verbs: [create, delete, deletecollection, list, update, watch]
# It gives this to Ray's autoscaler, and may give only what it has.
- apiGroups: [""]
  resources: [pods]
  verbs: [get]
# It gives this to Ray's autoscaler, and may give only what it has.
- apiGroups: [""]
  resources: [pods]
  verbs: [patch]
# It gives this to Ray's autoscaler, and may give only what it has.
- apiGroups: [""]
  resources: [pods/resize]
  verbs: [patch]
- apiGroups: [""]
  resources: [services]
  verbs: [create, list, update, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [serviceaccounts]
  verbs: [create, list, watch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [create, list, watch]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [create, delete, list, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [create, list, watch]
# On OpenShift it makes a Route where it makes an Ingress elsewhere.
- apiGroups: [route.openshift.io]
  resources: [routes]
  verbs: [create, list, watch]
{{- if get $gates "RayServiceIncrementalUpgrade" }}
- apiGroups: [gateway.networking.k8s.io]
  resources: [gateways, httproutes]
  verbs: [create, list, update, watch]
{{- end }}
- apiGroups: [ray.io]
  resources: [rayclusters]
  verbs: [create, delete, list, update, watch]
# It gives this to Ray's autoscaler, and may give only what it has.
- apiGroups: [ray.io]
  resources: [rayclusters]
  verbs: [get, patch]
- apiGroups: [ray.io]
  resources: [rayjobs]
  verbs: [delete, list, update, watch]
- apiGroups: [ray.io]
  resources: [rayjobs]
  verbs: [create]
- apiGroups: [ray.io]
  resources: [rayservices]
  verbs: [list, watch]
- apiGroups: [ray.io]
  resources: [rayservices]
  verbs: [update]
- apiGroups: [ray.io]
  resources: [raycronjobs]
  verbs: [list, watch]
- apiGroups: [ray.io]
  resources: [rayclusters/status, rayjobs/status, rayservices/status]
  verbs: [update]
- apiGroups: [ray.io]
  resources: [raycronjobs/status]
  verbs: [update]
# Where the API server runs OwnerReferencesPermissionEnforcement (OpenShift), what it makes has an owner only with this.
- apiGroups: [ray.io]
  resources: [rayclusters/finalizers, rayjobs/finalizers, rayservices/finalizers]
  verbs: [update]
# Where the API server runs OwnerReferencesPermissionEnforcement (OpenShift), what it makes has an owner only with this.
- apiGroups: [ray.io]
  resources: [raycronjobs/finalizers]
  verbs: [update]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [create, list, watch]
{{- if eq .Values.global.batchScheduler "volcano" }}
- apiGroups: [scheduling.volcano.sh]
  resources: [podgroups]
  verbs: [create, list, update, watch]
{{- end }}

{{- end -}}

{{- /* What it needs of things that are in no namespace. */ -}}
{{- define "oneblock.operator.clusterRules" -}}

{{- end -}}
