{{- /* ray.service.fields: a RayServiceSpec. */ -}}
{{- define "ray.service.fields" -}}
rayClusterConfig:
  {{- include "ray.cluster.spec" . | nindent 2 }}
{{- with .owner.serveConfig }}
serveConfigV2: {{ kindIs "string" . | ternary . (toYaml .) | toYaml | indent 2 | trim }}
{{- end }}
<% if has_field("RayService", "spec.upgradeStrategy") %>
upgradeStrategy:
  type: {{ .owner.upgradeStrategy | default "NewCluster" }}
<% endif %>
{{- end -}}
