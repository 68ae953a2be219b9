{{- /*
A cluster is a map that travels through these templates. It starts with
  root    the chart's own context ($)
  kind    RayCluster, RayJob or RayService: what the user wrote
  name    the name of that object
  given   the short form as the user wrote it
  owner   the RayJob's or RayService's short form around it
ray.cluster.values, which writes no text, adds
  values      the short form over its profile; read only
  object      the start of the names of its own ConfigMap and PersistentVolumeClaim
  code        {files, mountPath}, empty without files
and ray.cluster after that
  image       the Ray image where a group names none
  autoscaled  whether Ray's autoscaler decides the number of workers
  restricted  whether the namespace takes only pods that Pod Security calls restricted
  gcs         see ray.gcs
*/ -}}
{{- define "ray.cluster.values" -}}
{{- $global := .root.Values.global -}}
{{- $values := .given | default dict -}}
{{- with $values.profile -}}
  {{- $profiles := $global.profiles | default dict -}}
  {{- if not (hasKey $profiles .) -}}
    {{- fail (printf "%s %s: no profile %q; there are: %s" $.kind $.name . (keys $profiles | sortAlpha | join ", " | default "none")) -}}
  {{- end -}}
  {{- $values = deepCopy (get $profiles . | default dict) -}}
  {{- include "ray.merge" (dict "base" $values "over" $.given) -}}
{{- end -}}
{{- $_ := set . "values" $values -}}
{{- /* A cluster's name has no dots, so these names cannot meet those of a RayCluster called the same. */ -}}
{{- $_ := set . "object" (eq .kind "RayCluster" | ternary .name (printf "%s.%s" .name (lower .kind))) -}}
{{- $code := (.owner).code | default $values.code | default dict -}}
{{- $_ := set . "code" (ternary $code dict (not (empty $code.files))) -}}
{{- end -}}

{{- define "ray.cluster" -}}
{{- include "ray.cluster.values" . -}}
{{- $global := .root.Values.global -}}
{{- $image := include "<< prefix >>.image" (dict "image" $global.ray.image "tag" $global.versions.ray) -}}
{{- $_ := set . "image" (.values.image | default $image) -}}
{{- $_ := set . "autoscaled" (eq true ((.values.autoscaling).enabled | default false)) -}}
{{- $namespace := index ($global.namespaces | default dict) .root.Release.Namespace -}}
{{- $_ := set . "restricted" (eq "restricted" (($namespace).podSecurity | default "")) -}}
{{- include "ray.gcs" . -}}
{{- end -}}

{{- /* ray.clusters sets clusters: every cluster of the file, inside jobs and services too, for what stands beside them. */ -}}
{{- define "ray.clusters" -}}
{{- $root := .root -}}
{{- $clusters := list -}}
{{- range $name, $given := $root.Values.rayClusters -}}
  {{- $clusters = append $clusters (dict "root" $root "kind" "RayCluster" "name" $name "given" $given) -}}
{{- end -}}
{{- range $kind, $owners := dict "RayJob" $root.Values.rayJobs "RayService" $root.Values.rayServices -}}
  {{- range $name, $owner := $owners -}}
    {{- if kindIs "map" ($owner).rayCluster -}}
      {{- $clusters = append $clusters (dict "root" $root "kind" $kind "name" $name "given" $owner.rayCluster "owner" $owner) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $clusters -}}
  {{- include "ray.cluster.values" . -}}
{{- end -}}
{{- $_ := set . "clusters" $clusters -}}
{{- end -}}

{{- /* ray.cluster.spec: a RayClusterSpec. */ -}}
{{- define "ray.cluster.spec" -}}
{{- include "ray.overlay" (dict "text" (include "ray.cluster.fields" .) "over" .values.spec) -}}
{{- end -}}

{{- define "ray.cluster.fields" -}}
{{- if .autoscaled -}}
autoscalerOptions:
  {{- include "ray.autoscaler" . | nindent 2 }}
enableInTreeAutoscaling: true
{{ end -}}
<% if has_field("RayCluster", "spec.gcsFaultToleranceOptions") %>
{{- if .gcs -}}
gcsFaultToleranceOptions:
  {{- include "ray.gcs.options" . | nindent 2 }}
{{ end -}}
<% endif %>
headGroupSpec:
  {{- include "ray.head" . | nindent 2 }}
rayVersion: {{ .values.rayVersion | default .root.Values.global.versions.ray | toString | quote }}
{{- if eq .kind "RayCluster" }}
{{- /* Always said: the operator wakes a suspended cluster when it reads false, not when the field goes. */}}
suspend: {{ .values.suspend | default false }}
<% if has_field("RayCluster", "spec.upgradeStrategy") %>
{{- /* Always said: it decides whether a changed pod template restarts every pod. The operator refuses it in jobs and services. */}}
upgradeStrategy:
  type: {{ .values.upgradeStrategy | default "None" }}
<% endif %>
{{- end }}
{{- $cluster := . }}
{{- with .values.workerGroups }}
workerGroupSpecs:
{{- range $name, $group := . }}
{{- if not (kindIs "invalid" $group) }}
- {{ include "ray.workerGroup" (dict "cluster" $cluster "name" $name "values" $group) | indent 2 | trim }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* ray.autoscaler: autoscalerOptions. The resources are the operator's defaults, written out: the head needs room for them. */ -}}
{{- define "ray.autoscaler" -}}
{{- $given := .values.autoscaling -}}
{{- $resources := dict "values" $given "cpu" "500m" "memory" "512Mi" -}}
{{- /* It logs where Ray does, so its logs belong on the same volume; without one the operator adds an emptyDir for both. */ -}}
{{- if eq "ReadWriteMany" ((.values.logs).accessMode | default "") -}}
env:
{{ include "ray.logs.env" . }}
{{ end -}}
{{- if not (kindIs "invalid" $given.idleTimeoutSeconds) -}}
idleTimeoutSeconds: {{ int64 $given.idleTimeoutSeconds }}
{{ end -}}
resources:
  {{- include "ray.resources" $resources | nindent 2 }}
securityContext:
  {{- include "ray.securityContext" . | nindent 2 }}
{{- with $given.upscalingMode }}
upscalingMode: {{ . }}
{{- end }}
<% if has_field("RayCluster", "spec.autoscalerOptions.version") %>
{{- if eq "v2" ($given.version | default "") }}
version: v2
{{- end }}
<% endif %>
{{- if .values.logs }}
volumeMounts:
{{ include "ray.logs.mount" . }}
{{- end }}
{{- end -}}
