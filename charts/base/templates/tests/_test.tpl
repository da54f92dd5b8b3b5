{{/* A proxy of a service mesh would go on when the test has ended, and keep its pod from the end. */}}
{{- define "agentcube.test.podLabels" -}}
{{ include "agentcube.labels" (dict "root" . "app" "agentcube-test" "component" "test") }}
sidecar.istio.io/inject: "false"
{{- end -}}
