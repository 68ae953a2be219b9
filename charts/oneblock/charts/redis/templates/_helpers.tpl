{{- /*
Named templates are global to an umbrella chart and everything below it, so each chart has its own under its own prefix.
*/ -}}

{{- /*
The labels of an object.
dict "root" $ "name" <component> ["instance" <name>] ["labels" <the user's>]; ours win over the user's.
*/ -}}
{{- define "oneblock.redis.labels" -}}
{{- $labels := dict -}}
{{- range $key, $value := .labels }}{{ $_ := set $labels $key (toString $value) }}{{ end -}}
{{- $_ := set $labels "app.kubernetes.io/name" .name -}}
{{- $_ := set $labels "app.kubernetes.io/instance" (.instance | default "oneblock") -}}
{{- $_ := set $labels "app.kubernetes.io/part-of" "oneblock" -}}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- toYaml $labels -}}
{{- end -}}

{{- /*
The annotations of an object: the user's, and a word to Flux that `${…}` in it is text.
dict ["annotations" <the user's>]
*/ -}}
{{- define "oneblock.redis.annotations" -}}
{{- $annotations := dict -}}
{{- range $key, $value := .annotations }}{{ $_ := set $annotations $key (toString $value) }}{{ end -}}
{{- $_ := set $annotations "kustomize.toolkit.fluxcd.io/substitute" "disabled" -}}
{{- toYaml $annotations -}}
{{- end -}}

{{- /*
A container image: a digest wins over a tag.
dict "image" <repository, tag, digest> "tag" <where none is given>
*/ -}}
{{- define "oneblock.redis.image" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (toString (.image.tag | default .tag)) -}}
{{- end -}}
{{- end -}}

{{- /*
A quantity as a string: 500, 0.5 and "4Gi" as they were written. Helm holds every number as a float, which would print
1000000 as 1e+06.
*/ -}}
{{- define "oneblock.redis.quantity" -}}
{{- if kindIs "string" . -}}{{ . }}
{{- else if eq (float64 (int64 .)) (float64 .) -}}{{ int64 . }}
{{- else -}}{{ toJson . }}
{{- end -}}
{{- end -}}

{{- /*
A map of resources with its short names written out: gpu is nvidia.com/gpu; storage is ephemeral-storage, or what
"storage" says.
dict "resources" <map> ["storage" <name>]
*/ -}}
{{- define "oneblock.redis.resources" -}}
{{- $short := dict "gpu" "nvidia.com/gpu" "storage" (.storage | default "ephemeral-storage") -}}
{{- $found := dict -}}
{{- range $key, $value := .resources -}}
{{- $_ := set $found (get $short $key | default $key) (include "oneblock.redis.quantity" $value) -}}
{{- end -}}
{{- toYaml $found -}}
{{- end -}}
