{{- /*
A job is a map {root, name, owner, scheduled}: the RayJob's short form is `owner`, `scheduled` is true for the template of a
RayCronJob. ray.job adds what ray.cluster adds, for the cluster the job brings (`brings`) or for the one in this file it runs on.
*/ -}}
{{- define "ray.job" -}}
{{- $owner := .owner | default dict -}}
{{- $_ := set . "owner" $owner -}}
{{- $_ := set . "kind" "RayJob" -}}
{{- $_ := set . "brings" (kindIs "map" $owner.rayCluster) -}}
{{- $_ := set . "given" (.brings | ternary $owner.rayCluster (index (.root.Values.rayClusters | default dict) ($owner.cluster | default ""))) -}}
{{- if and $owner.code (not .brings) -}}
  {{- fail (printf "RayJob %s: code needs a rayCluster of its own; into a running RayCluster nothing can be mounted" .name) -}}
{{- end -}}
{{- include "ray.cluster" . -}}
{{- end -}}

{{- /* ray.job.metadata: of the job itself; a cluster it only runs on has its own. */ -}}
{{- define "ray.job.metadata" -}}
{{- include "ray.workload.metadata" (.brings | ternary . (dict "root" .root "name" .name "owner" .owner)) -}}
{{- end -}}

{{- /* ray.job.spec: a RayJobSpec. */ -}}
{{- define "ray.job.spec" -}}
{{- include "ray.overlay" (dict "text" (include "ray.job.fields" . | trim) "over" .owner.spec) -}}
{{- end -}}

{{- define "ray.job.fields" -}}
{{- $values := .owner -}}
{{- $mode := $values.submissionMode | default "K8sJobMode" -}}
{{- range $key := list "activeDeadlineSeconds" "backoffLimit" }}
{{- if not (kindIs "invalid" (index $values $key)) }}
{{ $key }}: {{ int64 (index $values $key) }}
{{- end }}
{{- end }}
{{- if not .brings }}
clusterSelector:
  ray.io/cluster: {{ quote $values.cluster }}
{{- end }}
{{- with $values.entrypoint }}
entrypoint: {{ toYaml . }}
{{- end }}
{{- range $key := list "entrypointNumCpus" "entrypointNumGpus" }}
{{- if not (kindIs "invalid" (index $values $key)) }}
{{ $key }}: {{ toJson (index $values $key) }}
{{- end }}
{{- end }}
{{- with $values.metadata }}
metadata:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .brings }}
rayClusterSpec:
  {{- include "ray.cluster.spec" . | nindent 2 }}
{{- end }}
{{- with $values.runtimeEnv }}
runtimeEnvYAML: {{ kindIs "string" . | ternary . (toYaml .) | toYaml }}
{{- end }}
{{- /* A RayCluster made for one job goes with it, unless the user has rules of his own for that. */}}
{{- if kindIs "bool" $values.shutdownAfterJobFinishes }}
shutdownAfterJobFinishes: {{ $values.shutdownAfterJobFinishes }}
{{- else if and .brings (not ($values.spec).deletionStrategy) }}
shutdownAfterJobFinishes: true
{{- end }}
submissionMode: {{ $mode }}
{{- /* The submitter ends with each restart of the head, and finds its job again; after KubeRay's two tries the RayJob would have failed. */}}
{{- if and .gcs (eq $mode "K8sJobMode") }}
submitterConfig:
  backoffLimit: 50
{{- end }}
{{- if and .restricted (eq $mode "K8sJobMode") }}
submitterPodTemplate:
  {{- include "ray.job.submitter" . | nindent 2 }}
{{- end }}
{{- /* A RayCronJob has a `suspend` of its own; that of its jobs would keep each of them waiting. */}}
{{- if and (kindIs "bool" $values.suspend) (not .scheduled) }}
suspend: {{ $values.suspend }}
{{- end }}
{{- if not (kindIs "invalid" $values.ttlSecondsAfterFinished) }}
ttlSecondsAfterFinished: {{ int64 $values.ttlSecondsAfterFinished }}
{{- end }}
{{- end -}}

{{- /*
ray.job.submitter: the pod that submits a job, for namespaces whose Pod Security refuses the operator's own, which has no security
context. Image, resources and restart policy are the same.
*/ -}}
{{- define "ray.job.submitter" -}}
spec:
  containers:
  - image: {{ (.values.head).image | default .image | quote }}
    name: ray-job-submitter
    resources:
      limits:
        cpu: "1"
        memory: 1Gi
      requests:
        cpu: 500m
        memory: 200Mi
    securityContext:
      {{- include "ray.securityContext" . | nindent 6 }}
  {{- with .root.Values.global.imagePullSecrets }}
  imagePullSecrets:
  {{- range . }}
  - name: {{ quote . }}
  {{- end }}
  {{- end }}
  restartPolicy: Never
{{- end -}}
