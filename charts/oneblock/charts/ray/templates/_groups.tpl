{{- /*
A group is a map {cluster, values, container}: the head group or a worker group in short form and the name of its Ray container,
ray-head or ray-worker; a worker group has a name too.
*/ -}}

{{- /* ray.head: headGroupSpec. */ -}}
{{- define "ray.head" -}}
{{- $head := .values.head | default dict -}}
{{- $group := dict "cluster" . "values" $head "container" "ray-head" -}}
{{- $params := dict "dashboard-host" "0.0.0.0" -}}
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
{{- if not (kindIs "invalid" $values.idleTimeoutSeconds) }}
idleTimeoutSeconds: {{ int64 $values.idleTimeoutSeconds }}
{{- end }}
{{ include "ray.workerGroup.replicas" . }}
{{- /* Defaults inside a list are written out: engines that compare without asking the API server see a difference otherwise. */}}
numOfHosts: {{ $values.numOfHosts | default 1 | int64 }}
{{ include "ray.group.size" (dict "group" . "params" dict) }}
{{- with $values.removeWorkers }}
scaleStrategy:
  workersToDelete:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if kindIs "bool" $values.suspend }}
suspend: {{ $values.suspend }}
{{- end }}
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
  {{- $_ := set $resources $name (include "oneblock.ray.quantity" $quantity) -}}
{{- end -}}
{{- if not (kindIs "invalid" .cpus) -}}
  {{- $cpus := kindIs "string" .cpus | ternary .cpus (toJson .cpus) -}}
  {{- if not $resources -}}
    {{- $_ := set $params "num-cpus" $cpus -}}
  {{- else if not (hasKey $resources "CPU") -}}
    {{- $_ := set $resources "CPU" $cpus -}}
  {{- end -}}
{{- end -}}
{{- with $values.rayStartParams }}{{ include "ray.merge" (dict "base" $params "over" .) }}{{ end -}}
{{- with $values.rayLabels -}}
labels:
  {{- toYaml . | nindent 2 }}
{{ end -}}
rayStartParams:
{{- range $name, $value := $params }}
  {{ $name }}: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }}
{{- else }} {}
{{- end }}
{{- with $resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
