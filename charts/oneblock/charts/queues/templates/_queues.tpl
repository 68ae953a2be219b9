{{- /* The queues among the values: their keys are the names, but for Helm's own two. */ -}}
{{- define "oneblock.queues.queues" -}}
{{- $queues := dict -}}
{{- range $name, $queue := .Values -}}
{{- if not (has $name (list "global" "enabled")) }}{{ $_ := set $queues $name ($queue | default dict) }}{{ end -}}
{{- end -}}
{{- toYaml $queues -}}
{{- end -}}

{{- /* Names as a CEL list. */ -}}
{{- define "oneblock.queues.names" -}}
[{{ range $index, $name := . | uniq | sortAlpha }}{{ if $index }}, {{ end }}'{{ $name }}'{{ end }}]
{{- end -}}

{{- /*
Who may use what, as lists of names.
queues: every queue listed here. parents: those no workload may name. open: those of every namespace.
namespaces: of each namespace that is declared or granted something, what it may use, the open ones among it.
*/ -}}
{{- define "oneblock.queues.grants" -}}
{{- $queues := include "oneblock.queues.queues" . | fromYaml -}}
{{- $parents := list "root" -}}
{{- range $queues }}{{ with .parent }}{{ $parents = append $parents . }}{{ end }}{{ end -}}
{{- $open := list -}}
{{- if not (hasKey $queues "default") }}{{ $open = append $open "default" }}{{ end -}}
{{- $granted := dict -}}
{{- range $name, $_ := .Values.global.namespaces }}{{ $_ := set $granted $name list }}{{ end -}}
{{- range $name, $queue := $queues -}}
{{- if not (has $name $parents) -}}
{{- range $queue.namespaces -}}
{{- if eq . "*" -}}
{{- $open = append $open $name -}}
{{- else -}}
{{- $_ := set $granted . (append (get $granted . | default list) $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $namespace, $names := $granted }}{{ $_ := set $granted $namespace (concat $names $open) }}{{ end -}}
{{- toYaml (dict "queues" (keys $queues) "parents" $parents "open" $open "namespaces" $granted) -}}
{{- end -}}

{{- /* Whether the policy that guards the queues is wanted. */ -}}
{{- define "oneblock.queues.guarded" -}}
{{- $used := or (ne .Values.global.batchScheduler "none") (include "oneblock.queues.queues" . | fromYaml) -}}
{{- if and $used .Values.global.admissionPolicies.enabled (semverCompare ">=1.30" (toString .Values.global.versions.kubernetes)) }}true{{ end -}}
{{- end -}}
