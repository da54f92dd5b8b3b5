{{/* The Secret with the datastore's connection string; empty for sqlite3, whose string is a path. */}}
{{- define "agentcube.server.dataStoreSecret" -}}
{{- with .Values.spire.server.dataStore -}}
{{- if .secretName -}}
{{ .secretName }}
{{- else if ne .type "sqlite3" -}}
spire-server-datastore
{{- end -}}
{{- end -}}
{{- end -}}
