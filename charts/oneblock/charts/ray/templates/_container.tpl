{{- /* ray.container: the Ray container of a pod. Takes group, and whether logs, code and the wait for Redis are mounted. */ -}}
{{- define "ray.container" -}}
{{- $cluster := .group.cluster -}}
{{- $values := .group.values -}}
{{- $head := eq .group.container "ray-head" -}}
{{- if .wait -}}
{{- /* KubeRay writes this line before `ray start`. An image without that program starts Ray all the same. */ -}}
command:
- python3 {{ include "ray.gcs.wait.folder" . }}/wait_for_redis.py || true
{{ end -}}
{{- with include "ray.env" . | trim -}}
env:
{{ . }}
{{ end -}}
image: {{ $values.image | default $cluster.image | quote }}
imagePullPolicy: {{ $cluster.root.Values.global.ray.image.pullPolicy | default "IfNotPresent" }}
{{- if not $head }}
lifecycle:
  preStop:
    exec:
      command:
      - /bin/sh
      - -c
      - ray stop
{{- end }}
name: {{ .group.container }}
{{- if $head }}
ports:
- containerPort: 6379
  name: gcs
  protocol: TCP
- containerPort: 10001
  name: client
  protocol: TCP
- containerPort: 8265
  name: dashboard
  protocol: TCP
- containerPort: 8000
  name: serve
  protocol: TCP
- containerPort: 8080
  name: metrics
  protocol: TCP
{{- end }}
resources:
  {{- include "ray.resources" (dict "values" $values "gpu" .group.gpuResource "cpu" "1" "memory" "4Gi") | nindent 2 }}
securityContext:
  {{- include "ray.securityContext" $cluster | nindent 2 }}
{{- if or .code .logs .wait }}
volumeMounts:
{{- if .wait }}
- mountPath: {{ include "ray.gcs.wait.folder" . }}
  name: wait-for-redis
  readOnly: true
{{- end }}
{{- if .code }}
- mountPath: {{ include "ray.code.folder" .code | quote }}
  name: code
  readOnly: true
{{- end }}
{{- if .logs }}
{{ include "ray.logs.mount" $cluster }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "ray.code.folder" -}}
{{ .mountPath | default "/home/ray/code" }}
{{- end -}}

{{- /* ray.env: the Ray container's environment, OneBlock's variables and the user's, which win; null takes one away. */ -}}
{{- define "ray.env" -}}
{{- $cluster := .group.cluster -}}
{{- $env := dict -}}
{{- if eq .group.container "ray-worker" -}}
  {{- /* Raylets outlive a head that restarts; after Ray's own 60 s they would go with it. */ -}}
  {{- $_ := set $env "RAY_gcs_rpc_server_reconnect_timeout_s" "600" -}}
{{- else -}}
  {{- with $cluster.gcs }}{{ include "ray.gcs.env" (dict "gcs" . "env" $env) }}{{ end -}}
  {{- if and $cluster.autoscaled (eq "v1" ($cluster.values.autoscaling.version | default "")) -}}
    {{- /* Said to Ray itself: KubeRay before 1.7 makes nothing of version v1, and Ray from 2.47 on then takes v2. */ -}}
    {{- $_ := set $env "RAY_enable_autoscaler_v2" "0" -}}
  {{- end -}}
{{- end -}}
{{- with .code -}}
  {{- $_ := set $env "PYTHONPATH" (include "ray.code.folder" .) -}}
{{- end -}}
{{- range $name, $value := .group.values.env -}}
  {{- $_ := set $env $name $value -}}
{{- end -}}
{{- if and .logs (eq "ReadWriteMany" ($cluster.values.logs.accessMode | default "")) -}}
  {{- $_ := unset $env "POD_NAME" -}}
{{ include "ray.logs.env" $cluster }}
{{- end -}}
{{- range $name, $value := $env }}
{{- if kindIs "map" $value }}
- name: {{ quote $name }}
  {{- toYaml $value | nindent 2 }}
{{- else if not (kindIs "invalid" $value) }}
- name: {{ quote $name }}
  value: {{ include "oneblock.ray.quantity" $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- /*
ray.resources: requests and limits of Ray's container or the autoscaler's. Takes their values, the cpu and memory where they give
none, and what a gpu is called. Short names become Kubernetes' own; limits follow requests unless they are given, because Ray takes
a container's limits for what the node has. A limit alone is also what is requested.
*/ -}}
{{- define "ray.resources" -}}
{{- $names := dict "gpu" (.gpu | default "nvidia.com/gpu") "storage" "ephemeral-storage" -}}
{{- $limits := dict -}}
{{- $requests := dict "cpu" .cpu "memory" .memory -}}
{{- with .values.resources -}}
  {{- range $name, $quantity := .limits -}}
    {{- $name = get $names $name | default $name -}}
    {{- /* `cpu: null` under limits: a request without a limit. */ -}}
    {{- $_ := set $limits $name "" -}}
    {{- if not (kindIs "invalid" $quantity) -}}
      {{- $_ := set $limits $name (include "oneblock.ray.quantity" $quantity) -}}
      {{- $_ := set $requests $name $quantity -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- with .values.cpu }}{{ $_ := set $requests "cpu" . }}{{ end -}}
{{- with .values.memory }}{{ $_ := set $requests "memory" . }}{{ end -}}
{{- with .values.gpu }}{{ $_ := set $requests $names.gpu . }}{{ end -}}
{{- with .values.resources -}}
  {{- range $name, $quantity := .requests }}{{ $_ := set $requests (get $names $name | default $name) $quantity }}{{ end -}}
{{- end -}}
{{- range $name, $quantity := $requests -}}
  {{- if not (kindIs "string" $quantity) }}{{ $quantity = toJson $quantity }}{{ end -}}
  {{- $_ := set $requests $name $quantity -}}
  {{- if not (hasKey $limits $name) }}{{ $_ := set $limits $name $quantity }}{{ end -}}
{{- end -}}
{{- with (.values.resources).claims -}}
claims:
{{ toYaml . }}
{{ end -}}
limits:
{{- range $name, $quantity := $limits }}
{{- if $quantity }}
  {{ $name }}: {{ quote $quantity }}
{{- end }}
{{- end }}
requests:
{{- range $name, $quantity := $requests }}
  {{ $name }}: {{ quote $quantity }}
{{- end }}
{{- end -}}

{{- /*
ray.securityContext: what Pod Security "restricted" asks of a container, except for the user, which is the image's choice; Ray's own
images run as 1000. Where the namespace is restricted a root image would not start: say so there.
*/ -}}
{{- define "ray.securityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop:
  - ALL
{{- if .restricted }}
runAsNonRoot: true
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- /* ray.logs.mount: the log volume; pods that share it get a folder each. */ -}}
{{- define "ray.logs.mount" -}}
- mountPath: {{ .values.logs.mountPath | default "/tmp/ray" | quote }}
  name: logs
  {{- if eq "ReadWriteMany" (.values.logs.accessMode | default "") }}
  subPathExpr: $(POD_NAME)
  {{- end }}
{{- end -}}

{{- define "ray.logs.env" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end -}}
