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
      name: {{ . | quote }}
      key: {{ $.Values.redis.secretKey | quote }}
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
{{ include "agentcube.env.texts" .extra }}
{{- else -}}
{{ .chart }}
{{- end -}}
{{- end -}}

{{/* The user's variables, of which Kubernetes wants each value as text. */}}
{{- define "agentcube.env.texts" -}}
{{- range . -}}
{{- $variable := . -}}
{{- if not (kindIs "invalid" .value) -}}
{{- $variable = merge (dict "value" (include "agentcube.text" .value)) . -}}
{{- end -}}
{{ list $variable | toYaml }}
{{ end -}}
{{- end -}}

{{/*
The environment of a program for a container that waits for it, less what the programs of another image are found by. Reading YAML
takes time, and few environments have that.
*/}}
{{- define "agentcube.env.waiting" -}}
{{- if or (contains "name: PATH\n" .) (contains "name: LD_" .) -}}
{{- range fromYamlArray . -}}
{{- if not (regexMatch "^(PATH|LD_.*)$" .name) }}
{{ list . | toYaml }}
{{- end -}}
{{- end -}}
{{- else -}}
{{ . }}
{{- end -}}
{{- end -}}
