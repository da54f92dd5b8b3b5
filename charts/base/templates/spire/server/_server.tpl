{{/* The Secret with the datastore's connection string, the user's or ours; empty where the string is sqlite3's path. */}}
{{- define "agentcube.server.dataStoreSecret" -}}
{{- .Values.spire.server.dataStore.secretName | default (include "agentcube.server.ownDataStoreSecret" .) -}}
{{- end -}}

{{/*
Parallel replaces a server that does not start as soon as its image or configuration is fixed.
OrderedReady waits until somebody deletes its pod. A live StatefulSet keeps what it has: the field
cannot change.
*/}}
{{- define "agentcube.server.podManagementPolicy" -}}
{{- $live := lookup "apps/v1" "StatefulSet" .Release.Namespace "spire-server" -}}
{{ dig "spec" "podManagementPolicy" "Parallel" $live }}
{{- end -}}

{{- define "agentcube.server.ownDataStoreSecret" -}}
{{- with .Values.spire.server.dataStore -}}
{{- if and (not .secretName) (ne .type "sqlite3") -}}
spire-server-datastore
{{- end -}}
{{- end -}}
{{- end -}}
