{{- /*
ray.metadata: metadata of an object. Takes root, name, instance (the RayCluster, RayJob or RayService it belongs to) and the user's
labels and annotations. No version and no chart label: they would change every object with every release.
*/ -}}
{{- define "ray.metadata" -}}
metadata:
  name: {{ quote .name }}
  namespace: {{ quote .root.Release.Namespace }}
  labels:
    app.kubernetes.io/instance: {{ quote .instance }}
    app.kubernetes.io/managed-by: {{ .root.Release.Service }}
    app.kubernetes.io/name: ray
    app.kubernetes.io/part-of: oneblock
    {{- with .labels }}
    {{- with omit . "app.kubernetes.io/instance" "app.kubernetes.io/managed-by" "app.kubernetes.io/name" "app.kubernetes.io/part-of" }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- end }}
  annotations:
    {{- /* What stands in values is data: Flux must not look for variables in it. */}}
    kustomize.toolkit.fluxcd.io/substitute: disabled
    {{- with .annotations }}
    {{- with omit . "kustomize.toolkit.fluxcd.io/substitute" }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- end }}
{{- end -}}

{{- /*
ray.workload.metadata: metadata of a RayCluster, RayJob or RayService. Takes root, name, values (of a cluster) and owner (the job or
service around it), gcs. The operator copies labels and annotations from a job or service to its RayCluster, so what an inline
cluster says about itself stands there too.
*/ -}}
{{- define "ray.workload.metadata" -}}
{{- $labels := dict -}}
{{- $annotations := dict -}}
{{- range $each := list .values .owner -}}
  {{- with $each -}}
    {{- with .labels }}{{ include "ray.merge" (dict "base" $labels "over" .) }}{{ end -}}
    {{- with .annotations }}{{ include "ray.merge" (dict "base" $annotations "over" .) }}{{ end -}}
    {{- with .queue }}{{ $_ := set $labels "volcano.sh/queue-name" . }}{{ end -}}
    {{- with .priorityClassName }}{{ $_ := set $labels "ray.io/priority-class-name" . }}{{ end -}}
  {{- end -}}
{{- end -}}
<% if not has_field("RayCluster", "spec.gcsFaultToleranceOptions") %>
{{- with .gcs -}}
  {{- /* How KubeRay before 1.3 is told; the address goes into the head's environment. */ -}}
  {{- $_ := set $annotations "ray.io/ft-enabled" "true" -}}
  {{- $_ := set $annotations "ray.io/external-storage-namespace" .namespace -}}
{{- end -}}
<% endif %>
{{- include "ray.metadata" (dict "root" .root "name" .name "instance" .name "labels" $labels "annotations" $annotations) -}}
{{- end -}}

{{- /*
ray.data: data of a ConfigMap. Helm cuts blank lines off the end of a manifest, also where a file ends in them; so another key
has to come after.
*/ -}}
{{- define "ray.data" -}}
{{ dict "data" . "immutable" false | toYaml }}
{{- end -}}
