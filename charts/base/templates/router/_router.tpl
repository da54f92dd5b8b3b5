{{/*
Plain and mutual-TLS WorkloadManagers stand behind different ports of one Service, so a Router reaches only those that
speak as it does, while both kinds run.
*/}}
{{- define "agentcube.router.workloadManagerURL" -}}
{{- $port := ternary .Values.workloadmanager.service.mtlsPort .Values.workloadmanager.service.port .Values.spire.enabled -}}
http://workloadmanager.{{ .Release.Namespace }}.svc.cluster.local:{{ $port }}
{{- end -}}

{{/* Images older than mutual TLS do not know these flags, so an unset value gives none. */}}
{{- define "agentcube.router.jwtArgs" -}}
{{- with .Values.router.jwt -}}
{{- if .issuerUrl -}}
- --jwt-issuer-url={{ .issuerUrl }}
- --jwt-audience={{ .audience }}
{{- with .roleClaim }}
- --jwt-role-claim={{ . }}
{{- end }}
{{- with .requiredRole }}
- --jwt-required-role={{ . }}
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
