{{- /*
The feature gates that are said on the command line: this chart's choices and the user's. A name that this version does
not know would end the operator at its start, so it ends the render.
*/ -}}
{{- define "<< prefix >>.saidGates" -}}
{{- $known := list<% for row in data.gates | at(versions.kuberay) %> "<< row.gate >>"<% endfor %> -}}
{{- $said := dict<% for row in data.gates | at(versions.kuberay) if row.ours is defined %> "<< row.gate >>" << row.ours | lower >><% endfor %> -}}
{{- range $gate, $on := .Values.featureGates -}}
{{- if not (has $gate $known) -}}
{{- fail (printf "operator.featureGates: KubeRay << versions.kuberay >> has no gate %s (it would not start); it has %s" $gate (join ", " $known)) -}}
{{- end -}}
{{- $_ := set $said $gate $on -}}
{{- end -}}
{{- toYaml $said -}}
{{- end -}}

{{- /* Every gate of this version and whether it is on. */ -}}
{{- define "<< prefix >>.gates" -}}
{{- $gates := dict<% for row in data.gates | at(versions.kuberay) %> "<< row.gate >>" << row.default | lower >><% endfor %> -}}
{{- range $gate, $on := include "<< prefix >>.saidGates" . | fromYaml }}{{ $_ := set $gates $gate $on }}{{ end -}}
{{- toYaml $gates -}}
{{- end -}}

<% macro rules(scope) %>
<% for row in data.rbac | at(versions.kuberay) if row.scope | default("namespace") == scope %>
<% if row.gate is defined %>
{{- if get $gates "<< row.gate >>" }}
<% elif row.scheduler is defined %>
{{- if eq .Values.global.batchScheduler "<< row.scheduler >>" }}
<% endif %>
<% if row.why is defined %>
# << row.why[0] | upper >><< row.why[1:] >>.
<% endif %>
- apiGroups: << row.groups | flow >>
  resources: << row.resources | flow >>
  verbs: << row.verbs | flow >>
<% if row.gate is defined or row.scheduler is defined %>
{{- end }}
<% endif %>
<% endfor %>
<% endmacro %>
{{- /* What the operator may do in a namespace it watches. */ -}}
{{- define "<< prefix >>.rules" -}}
{{- $gates := include "<< prefix >>.gates" . | fromYaml -}}
<< rules("namespace") >>
{{- end -}}

{{- /* What it needs of things that are in no namespace. */ -}}
{{- define "<< prefix >>.clusterRules" -}}
<< rules("cluster") >>
{{- end -}}
