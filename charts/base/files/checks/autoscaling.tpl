{{/* A HorizontalPodAutoscaler needs to know what each container of the pod requests. Takes root, section and values of the component. */}}
{{- $spire := .root.Values.spire -}}
{{- $containers := dict (printf "%s.resources" .section) .values.resources -}}
{{- if $spire.enabled -}}
{{- $_ := set $containers "spire.spiffeHelper.resources" $spire.spiffeHelper.resources -}}
{{- end -}}
{{- range .values.extraContainers -}}
{{- $_ := set $containers (printf "%s.extraContainers, in %s, resources" $.section .name) .resources -}}
{{- end -}}
{{- range $key, $resources := $containers -}}
{{- $cpu := $resources | default dict | dig "requests" "cpu" (dig "limits" "cpu" "0" ($resources | default dict)) -}}
{{- if eq 0.0 (include "agentcube.text" $cpu | include "agentcube.bytes" | float64) -}}
{{- fail (printf "%s.autoscaling.enabled scales by a share of the requested CPU, and a container requests none: set requests.cpu in %s" $.section $key) -}}
{{- end -}}
{{- end -}}
