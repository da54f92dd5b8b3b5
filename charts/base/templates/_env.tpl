{{/* The environment that Router and WorkloadManager share. */}}
{{- define "agentcube.env" -}}
- name: AGENTCUBE_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: REDIS_ADDR
  value: {{ include "agentcube.redis.addr" . | quote }}
{{- with include "agentcube.redis.secretName" . }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ $.Values.redis.secretKey }}
{{- else }}
- name: REDIS_PASSWORD_REQUIRED
  value: "false"
{{- end }}
{{- end -}}

{{/*
The chart's variables with the user's: one of theirs takes the place of ours. Two with one name would do until an upgrade, whose
merge keeps but one of them. Takes chart (text) and extra (a list).
*/}}
{{- define "agentcube.env.with" -}}
{{- if .extra -}}
{{- $theirs := dict -}}
{{- range .extra -}}
{{- $_ := set $theirs .name true -}}
{{- end -}}
{{- range .chart | fromYamlArray -}}
{{- if not (hasKey $theirs .name) -}}
{{ list . | toYaml }}
{{ end -}}
{{- end -}}
{{ toYaml .extra }}
{{- else -}}
{{ .chart }}
{{- end -}}
{{- end -}}
