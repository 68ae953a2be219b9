{{- /* ray.service.fields: a RayServiceSpec. A text of the user's does not stand last: Helm cuts blank lines off a manifest's end. */ -}}
{{- define "ray.service.fields" -}}
{{- with .owner.serveConfig -}}
serveConfigV2: {{ kindIs "string" . | ternary . (toYaml .) | toYaml }}
{{ end -}}
rayClusterConfig:
  {{- include "ray.cluster.spec" . | nindent 2 }}
upgradeStrategy:
  type: {{ .owner.upgradeStrategy | default "NewCluster" }}
{{- end -}}
