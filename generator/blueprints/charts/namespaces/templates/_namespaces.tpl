{{- /*
What a ResourceQuota calls a resource: storage is that of volume claims; extended resources are counted by their requests.
*/ -}}
{{- define "<< prefix >>.quota" -}}
{{- $hard := dict -}}
{{- range $key, $value := . -}}
{{- $name := get (dict "gpu" "requests.nvidia.com/gpu" "storage" "requests.storage") $key | default $key -}}
{{- if and (contains "/" $name) (not (regexMatch "^(requests|limits)[.]|^count/|[.]storageclass[.]storage[.]k8s[.]io/" $name)) -}}
{{- $name = printf "requests.%s" $name -}}
{{- end -}}
{{- $_ := set $hard $name (include "<< prefix >>.quantity" $value) -}}
{{- end -}}
{{- toYaml $hard -}}
{{- end -}}

{{- /*
The limits of a LimitRange, written out as Kubernetes would: with no word about defaults it would give every container
that asks for nothing the most there is, GPUs included. So GPUs default to none, and requests to little.
*/ -}}
{{- define "<< prefix >>.limits" -}}
{{- $max := include "<< prefix >>.resources" (dict "resources" .) | fromYaml -}}
{{- $limit := dict -}}
{{- $request := dict -}}
{{- range $name, $value := $max -}}
{{- $plain := has $name (list "cpu" "memory") -}}
{{- $_ := set $limit $name (ternary $value "0" $plain) -}}
{{- $_ := set $request $name (get (dict "cpu" "10m" "memory" "32Mi") $name | default "0") -}}
{{- end -}}
{{- toYaml (list (dict "type" "Container" "max" $max "default" $limit "defaultRequest" $request)) -}}
{{- end -}}

{{- /* RoleBinding subjects: a plain name is a group. */ -}}
{{- define "<< prefix >>.subjects" -}}
{{- $subjects := list -}}
{{- range . -}}
{{- if kindIs "string" . -}}
{{- $subjects = append $subjects (dict "apiGroup" "rbac.authorization.k8s.io" "kind" "Group" "name" .) -}}
{{- else if eq .kind "ServiceAccount" -}}
{{- $subjects = append $subjects (dict "kind" .kind "name" .name "namespace" (required (printf "global.namespaces: service account %s needs its namespace" .name) .namespace)) -}}
{{- else -}}
{{- $subjects = append $subjects (dict "apiGroup" "rbac.authorization.k8s.io" "kind" .kind "name" .name) -}}
{{- end -}}
{{- end -}}
{{- toYaml $subjects -}}
{{- end -}}

{{- /* What everybody who works in a namespace may read. Secrets are not in it, nor is running commands in pods. */ -}}
{{- define "<< prefix >>.read" -}}
- apiGroups: [""]
  resources: [configmaps, events, limitranges, persistentvolumeclaims, pods, pods/log, resourcequotas, services]
  verbs: [get, list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [get, list, watch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch]
{{- if ne .Values.global.batchScheduler "none" }}
- apiGroups: [scheduling.volcano.sh]
  resources: [podgroups]
  verbs: [get, list, watch]
{{- end }}
{{- end -}}
