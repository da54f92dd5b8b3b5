{{/* The Secret with the datastore's connection string, the user's or ours; empty where the string is sqlite3's path. */}}
{{- define "agentcube.server.dataStoreSecret" -}}
{{- .Values.spire.server.dataStore.secretName | default (include "agentcube.server.ownDataStoreSecret" .) -}}
{{- end -}}

{{- define "agentcube.server.ownDataStoreSecret" -}}
{{- with .Values.spire.server.dataStore -}}
{{- if and (not .secretName) (ne .type "sqlite3") -}}
spire-server-datastore
{{- end -}}
{{- end -}}
{{- end -}}
