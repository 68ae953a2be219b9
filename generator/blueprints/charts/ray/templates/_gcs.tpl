{{- /*
ray.gcs sets gcs: where the cluster's GCS keeps its state, or nothing when fault tolerance is off.
{address, username, secret: {name, key}, namespace}
The platform's Redis is reached through Sentinel's Service: Ray asks it for the master. Each namespace has its own user there.
*/ -}}
{{- define "ray.gcs" -}}
{{- $global := .root.Values.global -}}
{{- $given := .values.gcsFaultTolerance | default dict -}}
{{- $enabled := ($global.gcsFaultTolerance).enabled | default false -}}
{{- if kindIs "bool" $given.enabled -}}
  {{- $enabled = $given.enabled -}}
{{- end -}}
{{- $gcs := dict -}}
{{- if and $enabled (not $given.disable) -}}
  {{- $own := $given.redis | default dict -}}
  {{- if $own.address -}}
    {{- $gcs = dict "address" $own.address "username" $own.username "secret" $own.passwordSecret -}}
  {{- else -}}
    {{- $address := printf "oneblock-redis-sentinel.%s.svc.%s:26379" $global.systemNamespace $global.clusterDomain -}}
    {{- $gcs = dict "address" $address "username" .root.Release.Namespace "secret" (dict "name" "oneblock-redis") -}}
  {{- end -}}
  {{- /*
  The namespace in Redis begins with the Kubernetes namespace and a dot, which is what its Redis user may touch. RayJobs and
  RayServices have one RayCluster after the other, services two at once while they upgrade, and those may not share state: there
  the kubelet fills in the RayCluster's name from a variable of the head.
  */ -}}
  {{- $cluster := "$(ONEBLOCK_CLUSTER)" -}}
  {{- if eq .kind "RayCluster" -}}
    {{- $cluster = printf "%s.%d" .name (int64 ($given.generation | default 1)) -}}
  {{- end -}}
  {{- $_ := set $gcs "namespace" (printf "%s.%s" .root.Release.Namespace $cluster) -}}
{{- end -}}
{{- $_ := set . "gcs" $gcs -}}
{{- end -}}

{{- /* ray.gcs.password: the reference to Redis' password, as an environment variable or an option has it. */ -}}
{{- define "ray.gcs.password" -}}
valueFrom:
  secretKeyRef:
    key: {{ .key | default "password" | quote }}
    name: {{ quote .name }}
{{- end -}}

<% if has_field("RayCluster", "spec.gcsFaultToleranceOptions") %>
{{- /* ray.gcs.options: gcsFaultToleranceOptions. */ -}}
{{- define "ray.gcs.options" -}}
externalStorageNamespace: {{ quote .gcs.namespace }}
redisAddress: {{ quote .gcs.address }}
{{- with .gcs.secret }}
redisPassword:
  {{- include "ray.gcs.password" . | nindent 2 }}
{{- end }}
{{- with .gcs.username }}
redisUsername:
  value: {{ quote . }}
{{- end }}
{{- end -}}

<% endif %>
{{- /*
ray.gcs.env adds to `env` what the head's GCS needs to know about Redis; it writes no text.
Retrying 20 times (10 s) instead of 120 lets a head that met a dead master give up soon and ask Sentinel again.
*/ -}}
{{- define "ray.gcs.env" -}}
{{- $env := .env -}}
{{- $_ := set $env "RAY_redis_db_connect_retries" "20" -}}
{{- if contains "$(ONEBLOCK_CLUSTER)" .gcs.namespace -}}
  {{- $_ := set $env "ONEBLOCK_CLUSTER" (dict "valueFrom" (dict "fieldRef" (dict "fieldPath" "metadata.labels['ray.io/cluster']"))) -}}
{{- end -}}
<% if not has_field("RayCluster", "spec.gcsFaultToleranceOptions") %>
{{- $_ := set $env "RAY_REDIS_ADDRESS" .gcs.address -}}
{{- with .gcs.username }}{{ $_ := set $env "REDIS_USERNAME" . }}{{ end -}}
{{- with .gcs.secret }}{{ $_ := set $env "REDIS_PASSWORD" (include "ray.gcs.password" . | fromYaml) }}{{ end -}}
<% endif %>
{{- end -}}

{{- /* A head waits until its Redis takes writes instead of ending with an error: kubelet would start it again ever later. */ -}}
{{- define "ray.gcs.wait.object" -}}
ray-wait-for-redis
{{- end -}}

{{- define "ray.gcs.wait.folder" -}}
/etc/oneblock/ray
{{- end -}}
