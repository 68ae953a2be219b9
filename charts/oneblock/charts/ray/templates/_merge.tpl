{{- /*
ray.overlay: the user's own fields (`over`) on top of the manifest text this chart wrote (`text`).
*/ -}}
{{- define "ray.overlay" -}}
{{- if .over -}}
{{- $base := fromYaml .text -}}
{{- include "ray.merge" (dict "base" $base "over" .over) -}}
{{- range $spec := list $base $base.rayClusterSpec $base.rayClusterConfig -}}
{{- include "ray.workerGroups.defaults" $spec -}}
{{- end -}}
{{ toYaml $base }}
{{- else -}}
{{ .text }}
{{- end -}}
{{- end -}}

{{- /*
ray.merge lays the map `over` on the map `base`, which it changes:
  - maps merge deep, and false, 0 and "" count as values;
  - null removes a key;
  - lists whose items have a name of their own merge item by item, every other list is replaced.
It writes no text, and shares nothing with `over` that a later merge could change.
*/ -}}
{{- define "ray.merge" -}}
{{- $base := .base -}}
{{- range $key, $over := .over -}}
  {{- $old := index $base $key -}}
  {{- if kindIs "invalid" $over -}}
    {{- $_ := unset $base $key -}}
  {{- else if kindIs "map" $over -}}
    {{- if not (kindIs "map" $old) -}}
      {{- $old = dict -}}
      {{- $_ := set $base $key $old -}}
    {{- end -}}
    {{- include "ray.merge" (dict "base" $old "over" $over) -}}
  {{- else if and (kindIs "slice" $over) (include "ray.merge.name" $key) -}}
    {{- $merged := dict "items" (kindIs "slice" $old | ternary $old list) -}}
    {{- include "ray.merge.items" (dict "into" $merged "key" $key "over" $over) -}}
    {{- $_ := set $base $key $merged.items -}}
  {{- else -}}
    {{- $_ := set $base $key $over -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- /* ray.merge.name: what names an item of the list called so; nothing for a list that is replaced whole. */ -}}
{{- define "ray.merge.name" -}}
{{- if eq . "workerGroupSpecs" -}}groupName
{{- else if eq . "volumeMounts" -}}mountPath
{{- else if has . (list "containers" "initContainers" "env" "ports" "volumes") -}}name
{{- end -}}
{{- end -}}

{{- /*
ray.merge.items merges the list `over` into `into.items`: an item goes over the one of the same name, which keeps its place;
others are appended. An environment variable or a volume has one source, so of the old item only what the new one has too stays.
An item without a name is like no other.
*/ -}}
{{- define "ray.merge.items" -}}
{{- $into := .into -}}
{{- $name := include "ray.merge.name" .key -}}
{{- $oneSource := has .key (list "env" "volumes") -}}
{{- range $over := .over -}}
  {{- $items := list -}}
  {{- $found := false -}}
  {{- range $item := $into.items -}}
    {{- if and (not $found) (hasKey $over $name) (eq (toString (index $item $name)) (toString (index $over $name))) -}}
      {{- $found = true -}}
      {{- range $key := ternary (keys $item) list $oneSource -}}
        {{- if not (hasKey $over $key) -}}
          {{- $_ := unset $item $key -}}
        {{- end -}}
      {{- end -}}
      {{- include "ray.merge" (dict "base" $item "over" $over) -}}
    {{- end -}}
    {{- $items = append $items $item -}}
  {{- end -}}
  {{- if not $found -}}
    {{- $item := dict -}}
    {{- include "ray.merge" (dict "base" $item "over" $over) -}}
    {{- $items = append $items $item -}}
  {{- end -}}
  {{- $_ := set $into "items" $items -}}
{{- end -}}
{{- end -}}

{{- /*
ray.workerGroups.defaults completes worker groups that came from a user's `spec` with what the CRD would add inside the list:
GitOps engines that compare without asking the API server would see a difference for ever.
*/ -}}
{{- define "ray.workerGroups.defaults" -}}
{{- range $group := (.).workerGroupSpecs -}}
  {{- range $key, $value := dict "minReplicas" 0 "maxReplicas" 2147483647 "numOfHosts" 1 -}}
    {{- if not (hasKey $group $key) -}}
      {{- $_ := set $group $key $value -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}
