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

{{/*
A shell condition that holds when a SPIRE server answers. Nothing can be verified yet, and whoever
speaks gRPC says so in the answer to any call.
*/}}
{{- define "agentcube.server.answers" -}}
[ "$(curl --silent --insecure --max-time 2 --output /dev/null --write-out '%{content_type}' \
  --header 'Content-Type: application/grpc' --data '' https://spire-server.{{ .Release.Namespace }}.svc:{{ .Values.spire.server.service.port }})" = application/grpc ]
{{- end -}}

{{/*
Servers that make the tables of an empty database at the same time break each other, so all but the
first one wait until a server is ready. They do not wait for ever: the first one's node may be gone.
*/}}
{{- define "agentcube.server.wait" -}}
{{- include "agentcube.wait" (dict "root" . "name" "wait-for-first-server") }}
    - |
      trap 'exit 1' TERM
      case "$HOSTNAME" in *-0) exit 0 ;; esac
      end=$(($(date +%s) + 120))
      until {{ include "agentcube.server.answers" . | nindent 6 | trim }}; do
        [ "$(date +%s)" -lt "$end" ] || { echo "no SPIRE server is ready: this one starts anyway"; exit 0; }
        sleep 0.5
      done
{{- end -}}

{{/* Agents have their node's network, and so no proxy of a service mesh: the server must not have one either. */}}
{{- define "agentcube.server.podLabels" -}}
{{ include "agentcube.podLabels" (dict "root" . "app" "spire-server" "component" "spire-server") }}
sidecar.istio.io/inject: "false"
{{- end -}}

{{/* Rolls the servers, too, when what they read at their start has changed. */}}
{{- define "agentcube.server.podAnnotations" -}}
linkerd.io/inject: disabled
checksum/server: {{ include "agentcube.checksum" (dict "root" . "file" "server.conf") }}
checksum/controller-manager: {{ include "agentcube.checksum" (dict "root" . "file" "controller-manager.yaml") }}
{{- if include "agentcube.server.ownDataStoreSecret" . }}
checksum/datastore: {{ include "agentcube.secretChecksum" (dict "root" . "secret" .Values.spire.server.dataStore.connectionString) }}
{{- end }}
{{- end -}}

{{/* On which the server listens beside its fixed ports; separated by spaces. */}}
{{- define "agentcube.server.ports" -}}
{{- with .Values.spire.server -}}
{{- $ports := .metrics.enabled | ternary (list .metrics.port) list -}}
{{- with .extraConfig -}}
{{- $ports = append $ports ((.federation).bundle_endpoint).port -}}
{{- $ports = append $ports (and .profiling_enabled .profiling_port) -}}
{{- end -}}
{{ compact $ports | join " " }}
{{- end -}}
{{- end -}}
