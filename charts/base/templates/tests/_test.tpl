{{/* A proxy of a service mesh would go on when the test has ended, and keep its pod from the end. */}}
{{- define "agentcube.test.podLabels" -}}
{{ include "agentcube.labels" (dict "root" . "app" "agentcube-test" "component" "test") }}
sidecar.istio.io/inject: "false"
{{- end -}}

{{/* Whether the test asks the API server for objects of the release. */}}
{{- define "agentcube.test.asks" -}}
{{- or (include "agentcube.spire.server" .) (include "agentcube.spire.agent" .) -}}
{{- end -}}
