{{- /* Names are the same in the umbrella and in a release of its own: nothing here looks at the release's name. */ -}}
{{- define "<< prefix >>.selector" -}}
app.kubernetes.io/name: redis
app.kubernetes.io/instance: oneblock
app.kubernetes.io/component: server
{{- end }}

{{- /* Pods of this chart's Jobs: not selected by any Service, let in by the NetworkPolicy as part of OneBlock. */ -}}
{{- define "<< prefix >>.jobLabels" -}}
app.kubernetes.io/name: redis
app.kubernetes.io/instance: oneblock
app.kubernetes.io/component: {{ . }}
app.kubernetes.io/part-of: oneblock
{{- end }}

{{- /* The bootstrap Job and what it needs come before the pods, which wait for its Secret. */ -}}
{{- define "<< prefix >>.earlyAnnotations" -}}
{{- include "<< prefix >>.annotations" (dict "annotations" (dict "argocd.argoproj.io/sync-wave" "-1")) -}}
{{- end }}

{{- /* An image whose repository the values leave open. */ -}}
{{- define "<< prefix >>.exporterImage" -}}
{{- $image := merge (dict) (.Values.metrics.image | default dict) -}}
{{- if not $image.repository }}{{ $_ := set $image "repository" "docker.io/oliver006/redis_exporter" }}{{ end -}}
{{- include "<< prefix >>.image" (dict "image" $image "tag" "v1.80.0") -}}
{{- end }}

{{- /* Requests and limits of a container; numbers as they were written. */ -}}
{{- define "<< prefix >>.requirements" -}}
{{- range $kind := list "limits" "requests" -}}
{{- with get ($ | default dict) $kind }}
{{ $kind }}:
  {{- include "<< prefix >>.resources" (dict "resources" .) | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{- define "<< prefix >>.mounts" -}}
- name: data
  mountPath: /data
- name: run
  mountPath: /run/oneblock
- name: config
  mountPath: /etc/oneblock/redis
  readOnly: true
- name: auth
  mountPath: /etc/oneblock/auth
  readOnly: true
{{- end }}

{{- define "<< prefix >>.imagePullSecrets" -}}
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "<< prefix >>.authSecret" -}}
{{ .Values.auth.existingSecret | default "oneblock-redis-auth" }}
{{- end }}

{{- define "<< prefix >>.domain" -}}
{{ .Release.Namespace }}.svc.{{ .Values.global.clusterDomain }}
{{- end }}

{{- define "<< prefix >>.replicas" -}}
{{ .Values.replicas | int64 }}
{{- end }}

{{- define "<< prefix >>.minReplicas" -}}
{{ min (int64 .Values.minReplicasToWrite) (sub (int64 .Values.replicas) 1) }}
{{- end }}

{{- define "<< prefix >>.graceSeconds" -}}
60
{{- end }}

{{- define "<< prefix >>.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "<< prefix >>.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop:
    - ALL
privileged: false
readOnlyRootFilesystem: true
{{- end }}

{{- /* A value as redis.conf wants it. Helm reads every number as a float, and prints a large one as 1e+06. */ -}}
{{- define "<< prefix >>.directive" -}}
{{- if kindIs "bool" . }}{{ ternary "yes" "no" . }}
{{- else if and (kindIs "float64" .) (eq . (floor .)) }}{{ int64 . }}
{{- else }}{{ . }}
{{- end -}}
{{- end }}

{{- define "<< prefix >>.redisConf" -}}
{{ .Files.Get "files/redis.conf" }}
# From the values.
appendfsync {{ .Values.appendfsync }}
maxmemory {{ include "<< prefix >>.directive" .Values.maxmemory }}
min-replicas-to-write {{ include "<< prefix >>.minReplicas" . }}
{{- range $name, $value := .Values.config }}
{{- range (kindIs "slice" $value | ternary $value (list $value)) }}
{{ $name }} {{ include "<< prefix >>.directive" . }}
{{- end }}
{{- end }}
{{ end }}

{{- define "<< prefix >>.settings" -}}
SET=oneblock-redis
DOMAIN={{ include "<< prefix >>.domain" . }}
GROUP={{ .Release.Namespace }}-oneblock-redis
REPLICAS={{ include "<< prefix >>.replicas" . }}
MIN_REPLICAS={{ include "<< prefix >>.minReplicas" . }}
QUORUM={{ min (int64 .Values.sentinel.quorum) (int64 .Values.replicas) }}
DOWN_AFTER_MS={{ int64 .Values.sentinel.downAfterMilliseconds }}
FAILOVER_TIMEOUT_MS={{ int64 .Values.sentinel.failoverTimeoutMilliseconds }}
GRACE_SECONDS={{ include "<< prefix >>.graceSeconds" . }}
{{ end }}

{{- /* A file as a block of a ConfigMap: indented, but without spaces on empty lines. */ -}}
{{- define "<< prefix >>.block" -}}
{{ regexReplaceAll "(?m)^ +$" (. | trim | indent 4) "" }}
{{- end }}

{{- /* What the pods read at start; a change of it, and only of it, rolls them. */ -}}
{{- define "<< prefix >>.configData" }}
  redis.conf: |
{{ include "<< prefix >>.block" (include "<< prefix >>.redisConf" .) }}
  sentinel.conf: |
{{ include "<< prefix >>.block" (.Files.Get "files/sentinel.conf") }}
  settings.sh: |
{{ include "<< prefix >>.block" (include "<< prefix >>.settings" .) }}
{{- range list "lib.sh" "pre-stop.sh" "probe-redis.sh" "probe-sentinel.sh" "start-redis.sh" "start-sentinel.sh" }}
  {{ . }}: |
{{ include "<< prefix >>.block" ($.Files.Get (printf "files/%s" .)) }}
{{- end }}
{{- end }}

{{- define "<< prefix >>.tenants" -}}
{{ .Values.global.namespaces | default dict | keys | sortAlpha | toJson }}
{{- end }}

{{- /* The Ray image is on the nodes anyway, and has the Python that the Job needs. */ -}}
{{- define "<< prefix >>.bootstrapImage" -}}
{{- $image := .Values.global.ray.image -}}
{{- if (.Values.bootstrap.image | default dict).repository }}{{ $image = .Values.bootstrap.image }}{{ end -}}
image: {{ include "<< prefix >>.image" (dict "image" $image "tag" .Values.global.versions.ray) | quote }}
imagePullPolicy: {{ $image.pullPolicy | default "IfNotPresent" }}
{{- end }}

{{- define "<< prefix >>.bootstrapPodSpec" -}}
serviceAccountName: oneblock-redis-bootstrap
restartPolicy: OnFailure
enableServiceLinks: false
{{- with include "<< prefix >>.imagePullSecrets" . | trim }}
{{ . }}
{{- end }}
securityContext:
  {{- include "<< prefix >>.podSecurity" 1000 | nindent 2 }}
containers:
  - name: bootstrap
    {{- include "<< prefix >>.bootstrapImage" . | nindent 4 }}
    command:
      - python3
      - -B
      - /etc/oneblock/bootstrap/bootstrap.py
    env:
      - name: AUTH_SECRET
        value: oneblock-redis-auth
      - name: POD_NAMESPACE
        value: {{ .Release.Namespace | quote }}
      - name: TENANTS_FILE
        value: /etc/oneblock/bootstrap/tenants.json
      - name: TENANT_SECRET
        value: oneblock-redis
    resources:
      limits:
        memory: 128Mi
      requests:
        cpu: 20m
        memory: 64Mi
    securityContext:
      {{- include "<< prefix >>.containerSecurity" . | nindent 6 }}
    volumeMounts:
      - name: script
        mountPath: /etc/oneblock/bootstrap
        readOnly: true
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: script
    configMap:
      name: oneblock-redis-bootstrap
{{- end }}
