{{- /*
ray.template: the pod template of a group, the user's `template` over it.
/dev/shm, `ray start` and its environment, probes and the wait for the GCS are added by the operator.
*/ -}}
{{- define "ray.template" -}}
{{- include "ray.overlay" (dict "text" (include "ray.pod" .) "over" .values.template) -}}
{{- end -}}

{{- define "ray.pod" -}}
{{- $cluster := .cluster -}}
{{- $head := eq .container "ray-head" -}}
{{- /* A volume for one node holds the head's logs; one for many nodes those of every pod. */ -}}
{{- $logs := and $cluster.values.logs (or $head (eq "ReadWriteMany" ($cluster.values.logs.accessMode | default ""))) -}}
{{- /* Tasks, actors and Serve's replicas import it wherever they run. */ -}}
{{- $code := $cluster.code -}}
{{- $wait := and $head $cluster.gcs -}}
{{- include "ray.node" . -}}
metadata:
  {{- include "ray.pod.metadata" . | nindent 2 }}
spec:
  {{- /* Only the autoscaler needs the API, and the operator gives that head an account of its own. */}}
  {{- if not (or .values.serviceAccountName (and $head $cluster.autoscaled)) }}
  automountServiceAccountToken: false
  {{- end }}
  containers:
  - {{ include "ray.container" (dict "group" . "logs" $logs "code" $code "wait" $wait) | indent 4 | trim }}
  {{- with $cluster.root.Values.global.imagePullSecrets }}
  imagePullSecrets:
  {{- range . }}
  - name: {{ quote . }}
  {{- end }}
  {{- end }}
  {{- if or .shape.labels .values.nodeSelector }}
  nodeSelector:
    {{- include "ray.pod.nodeSelector" . | nindent 4 }}
  {{- end }}
  {{- with ($cluster.owner).priorityClassName | default $cluster.values.priorityClassName }}
  {{- /* The label on the object tells Volcano about the gang; this tells Kubernetes about the pod. */}}
  priorityClassName: {{ quote . }}
  {{- end }}
  {{- if $logs }}
  {{- /* Ray's images run as user 1000, which must be able to write its logs. */}}
  securityContext:
    fsGroup: 1000
    fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  {{- with .values.serviceAccountName }}
  serviceAccountName: {{ quote . }}
  {{- end }}
  {{- if or .shape.taints .values.tolerations }}
  tolerations:
  {{- include "ray.pod.tolerations" . | nindent 2 }}
  {{- end }}
  {{- if or $code $logs $wait }}
  volumes:
  {{- /* Optional in such a head: the pod that tidies up Redis is made like it, and starts when the release is gone already. */}}
  {{- if $wait }}
  - configMap:
      name: {{ include "ray.gcs.wait.object" . }}
      optional: true
    name: wait-for-redis
  {{- end }}
  {{- if $code }}
  - configMap:
      name: {{ $cluster.object }}-code
      {{- if $wait }}
      optional: true
      {{- end }}
    name: code
  {{- end }}
  {{- if $logs }}
  - name: logs
    persistentVolumeClaim:
      claimName: {{ $cluster.object }}-logs
  {{- end }}
  {{- end }}
{{- end -}}

{{- /* ray.pod.metadata. The labels say whose pods these are: the RayCluster of a job or service gets a name nobody knows. */ -}}
{{- define "ray.pod.metadata" -}}
{{- $annotations := dict -}}
{{- if (.cluster.root.Values.global.monitoring).annotations -}}
  {{- $annotations = dict "prometheus.io/path" "/metrics" "prometheus.io/port" "8080" "prometheus.io/scrape" "true" -}}
{{- end -}}
{{- /* What is above a gang's minimum may be reclaimed, and Volcano only counts pods: a RayCluster without its head is lost. */ -}}
{{- if and (eq .container "ray-head") (eq .cluster.root.Values.global.batchScheduler "volcano") -}}
  {{- $_ := set $annotations "volcano.sh/preemptable" "false" -}}
{{- end -}}
{{- if and .cluster.code (eq .cluster.kind "RayService") -}}
  {{- /* Replicas that run have imported the old code: only a changed cluster makes KubeRay bring up new ones beside them. */ -}}
  {{- $_ := set $annotations "checksum/code" (toJson .cluster.code.files | sha256sum) -}}
{{- end -}}
{{- with .values.annotations }}{{ include "ray.merge" (dict "base" $annotations "over" .) }}{{ end -}}
{{- with $annotations -}}
annotations:
  {{- range $name, $value := . }}
  {{ quote $name }}: {{ quote $value }}
  {{- end }}
{{ end -}}
labels:
  app.kubernetes.io/component: {{ lower .cluster.kind }}
  app.kubernetes.io/instance: {{ quote .cluster.name }}
  app.kubernetes.io/part-of: oneblock
  {{- with .values.labels }}
  {{- with omit . "app.kubernetes.io/component" "app.kubernetes.io/instance" "app.kubernetes.io/part-of" }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{- /* ray.node sets shape and gpuResource of a group: the node shape it asks for with `nodes`, and what a GPU is called there. */ -}}
{{- define "ray.node" -}}
{{- $shape := dict -}}
{{- with .values.nodes -}}
  {{- $shapes := $.cluster.root.Values.global.nodes | default dict -}}
  {{- if not (hasKey $shapes .) -}}
    {{- fail (printf "%s %s: no node shape %q; there are: %s" $.cluster.kind $.cluster.name . (keys $shapes | sortAlpha | join ", " | default "none")) -}}
  {{- end -}}
  {{- $shape = get $shapes . | default dict -}}
{{- end -}}
{{- $_ := set . "shape" $shape -}}
{{- $_ := set . "gpuResource" ($shape.gpuResource | default "nvidia.com/gpu") -}}
{{- end -}}

{{- /* ray.pod.nodeSelector: the labels of the node shape and the group's own. */ -}}
{{- define "ray.pod.nodeSelector" -}}
{{- $selector := dict -}}
{{- include "ray.merge" (dict "base" $selector "over" .shape.labels) -}}
{{- include "ray.merge" (dict "base" $selector "over" .values.nodeSelector) -}}
{{- toYaml $selector -}}
{{- end -}}

{{- /* ray.pod.tolerations: those for the taints of the node shape ("key=value:Effect" or "key:Effect"), then the group's own. */ -}}
{{- define "ray.pod.tolerations" -}}
{{- $tolerations := list -}}
{{- range .shape.taints -}}
  {{- $effect := splitList ":" . | last -}}
  {{- $key := trimSuffix (printf ":%s" $effect) . -}}
  {{- if contains "=" $key -}}
    {{- $pair := splitn "=" 2 $key -}}
    {{- $tolerations = append $tolerations (dict "key" $pair._0 "operator" "Equal" "value" $pair._1 "effect" $effect) -}}
  {{- else -}}
    {{- $tolerations = append $tolerations (dict "key" $key "operator" "Exists" "effect" $effect) -}}
  {{- end -}}
{{- end -}}
{{- toYaml (concat $tolerations (.values.tolerations | default list)) -}}
{{- end -}}
