{{- /*
A group is a map {cluster, values, container}: the head group or a worker group in short form and the name of its Ray container,
ray-head or ray-worker; a worker group has a name too.
*/ -}}

{{- /* ray.head: headGroupSpec. */ -}}
{{- define "ray.head" -}}
{{- $head := .values.head | default dict -}}
{{- $group := dict "cluster" . "values" $head "container" "ray-head" -}}
{{- $params := dict "dashboard-host" "0.0.0.0" -}}
<% if not has_field("RayCluster", "spec.gcsFaultToleranceOptions") %>
{{- if .gcs.username }}{{ $_ := set $params "redis-username" "$REDIS_USERNAME" }}{{ end -}}
{{- if .gcs.secret }}{{ $_ := set $params "redis-password" "$REDIS_PASSWORD" }}{{ end -}}
<% endif %>
{{- /* With workers the head takes no work: what runs on it dies whenever it restarts, and it restarts when Redis fails over. */ -}}
{{- $cpus := $head.numCpus -}}
{{- if and (kindIs "invalid" $cpus) (or .values.workerGroups (.values.spec).workerGroupSpecs) -}}
  {{- $cpus = "0" -}}
{{- end -}}
{{- include "ray.group.size" (dict "group" $group "params" $params "cpus" $cpus) }}
serviceType: {{ $head.serviceType | default "ClusterIP" }}
template:
  {{- include "ray.template" $group | nindent 2 }}
{{- end -}}

{{- /* ray.workerGroup: an item of workerGroupSpecs. */ -}}
{{- define "ray.workerGroup" -}}
{{- $values := .values -}}
{{- $_ := set . "container" "ray-worker" -}}
groupName: {{ quote .name }}
<% if since("1.3") %>
{{- if not (kindIs "invalid" $values.idleTimeoutSeconds) }}
idleTimeoutSeconds: {{ int64 $values.idleTimeoutSeconds }}
{{- end }}
<% endif %>
{{ include "ray.workerGroup.replicas" . }}
{{- /* Defaults inside a list are written out: engines that compare without asking the API server see a difference otherwise. */}}
numOfHosts: {{ $values.numOfHosts | default 1 | int64 }}
<% if since("1.7") %>
priority: {{ int64 $values.priority }}
<% endif %>
{{ include "ray.group.size" (dict "group" . "params" dict) }}
{{- with $values.removeWorkers }}
scaleStrategy:
  workersToDelete:
  {{- toYaml . | nindent 2 }}
{{- end }}
<% if since("1.3") %>
{{- if kindIs "bool" $values.suspend }}
suspend: {{ $values.suspend }}
{{- end }}
<% endif %>
template:
  {{- include "ray.template" . | nindent 2 }}
{{- end -}}

{{- /*
ray.workerGroup.replicas: how many workers.
The number of an autoscaled group is the autoscaler's: a manifest without replicas leaves it alone, given server-side apply and a
CRD that tells groups apart by name. Under upstream's CRDs the list of groups is one value, so replicas has to be there.
*/ -}}
{{- define "ray.workerGroup.replicas" -}}
{{- $given := .values -}}
{{- $ownCRDs := ne false (.cluster.root.Values.crds | default dict).enabled -}}
{{- $min := int64 $given.minReplicas -}}
{{- $replicas := $min -}}
{{- $max := max $min (int64 $given.replicas) 10 -}}
{{- if not .cluster.autoscaled -}}
  {{- if not (kindIs "invalid" $given.replicas) -}}
    {{- $replicas = int64 $given.replicas -}}
  {{- else if kindIs "invalid" $given.minReplicas -}}
    {{- $replicas = int64 1 -}}
  {{- end -}}
  {{- if kindIs "invalid" $given.minReplicas -}}
    {{- $min = $replicas -}}
  {{- end -}}
  {{- $max = max $min $replicas -}}
{{- end -}}
{{- if not (kindIs "invalid" $given.maxReplicas) -}}
  {{- $max = int64 $given.maxReplicas -}}
{{- end -}}
maxReplicas: {{ $max }}
minReplicas: {{ $min }}
{{- if not (and .cluster.autoscaled $ownCRDs) }}
replicas: {{ $replicas }}
{{- end }}
{{- end -}}

{{- /*
ray.group.size: labels, rayStartParams and resources of a group, which is what Ray takes its nodes for. `params` are OneBlock's own
parameters, `cpus` its num-cpus; the user's win. The operator refuses a group that gives CPUs both as parameter and as resource.
*/ -}}
{{- define "ray.group.size" -}}
{{- $values := .group.values -}}
{{- $params := .params -}}
{{- $resources := dict -}}
{{- range $name, $quantity := $values.rayResources -}}
  {{- $_ := set $resources $name (include "<< prefix >>.quantity" $quantity) -}}
{{- end -}}
{{- if not (kindIs "invalid" .cpus) -}}
  {{- $cpus := kindIs "string" .cpus | ternary .cpus (toJson .cpus) -}}
  {{- if not $resources -}}
    {{- $_ := set $params "num-cpus" $cpus -}}
  {{- else if not (hasKey $resources "CPU") -}}
    {{- $_ := set $resources "CPU" $cpus -}}
  {{- end -}}
{{- end -}}
<% if not since("1.5") %>
{{- range $name, $param := dict "CPU" "num-cpus" "GPU" "num-gpus" "memory" "memory" -}}
  {{- if hasKey $resources $name -}}
    {{- $_ := set $params $param (get $resources $name) -}}
    {{- $_ := unset $resources $name -}}
  {{- end -}}
{{- end -}}
{{- if $resources -}}
  {{- $numbers := list -}}
  {{- range $name, $quantity := $resources -}}
    {{- $numbers = append $numbers (printf "%s: %s" (toJson $name) $quantity) -}}
  {{- end -}}
  {{- /* The operator puts it on a shell's command line as it is. */ -}}
  {{- $_ := set $params "resources" (printf "'{%s}'" (join ", " $numbers)) -}}
{{- end -}}
<% endif %>
{{- with $values.rayStartParams }}{{ include "ray.merge" (dict "base" $params "over" .) }}{{ end -}}
<% if since("1.5") %>
{{- with $values.rayLabels -}}
labels:
  {{- toYaml . | nindent 2 }}
{{ end -}}
<% endif %>
rayStartParams:
{{- range $name, $value := $params }}
  {{ $name }}: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }}
{{- else }} {}
{{- end }}
<% if since("1.5") %>
{{- with $resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
<% endif %>
{{- end -}}
