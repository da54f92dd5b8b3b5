{{/* Rules that tie several values, or the values and the cluster, together. Each message names the key and the mend. */}}
{{- define "agentcube.validate" -}}
{{- with .Values -}}
{{- if and .redis.embedded.enabled .redis.addr -}}
{{- fail "redis.addr names a Redis and redis.embedded.enabled makes one: set one of them only" -}}
{{- end -}}
{{- if and .redis.password .redis.secretName -}}
{{- fail "redis.password and redis.secretName both give the password: set one of them only" -}}
{{- end -}}
{{- if eq (int .workloadmanager.service.port) (int .workloadmanager.service.mtlsPort) -}}
{{- fail "workloadmanager.service.port and workloadmanager.service.mtlsPort are equal: one Service has both, so give them different numbers" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.spire.enabled (not (.Capabilities.APIVersions.Has "spire.spiffe.io/v1alpha1")) -}}
{{- /* helm template, as Argo CD runs it, knows no cluster: there a look-up finds nothing */ -}}
{{- if lookup "v1" "Namespace" "" "kube-system" -}}
{{- fail "spire.enabled needs SPIRE's CustomResourceDefinitions, which this cluster lacks: install the chart spire-crds first" -}}
{{- end -}}
{{- end -}}
{{- end -}}
