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
merge keeps but one of them. Takes chart (text) and extra (a list), of which Kubernetes wants each value as text.
*/}}
{{- define "agentcube.env.with" -}}
{{- $chart := .chart -}}
{{- $env := list -}}
{{- range .extra -}}
{{- $variable := . -}}
{{- if not (kindIs "invalid" .value) -}}
{{- $variable = merge (dict "value" (include "agentcube.text" .value)) . -}}
{{- end -}}
{{- $chart = include "agentcube.env.without" (dict "env" $chart "names" (regexQuoteMeta .name)) -}}
{{- $env = list $variable | toYaml | append $env -}}
{{- end -}}
{{ prepend $env (trimSuffix "\n" $chart) | join "\n" }}
{{- end -}}

{{/*
Variables less those whose name matches a pattern. The text of the others stays as it is, or a diff would show them. Takes env (text)
and names.
*/}}
{{- define "agentcube.env.without" -}}
{{ regexReplaceAll (printf "(?m)^(#.*\n)?- name: (%s)$(\n(  .*)?)*" .names) .env "" }}
{{- end -}}

{{/*
The environment of a program for a container that waits for it, less what the programs of another image are found by. Few environments
have that, and compiling a pattern takes longer than to look for it.
*/}}
{{- define "agentcube.env.waiting" -}}
{{- if or (contains "name: PATH\n" .) (contains "name: LD_" .) -}}
{{ include "agentcube.env.without" (dict "env" . "names" "PATH|LD_.*") }}
{{- else -}}
{{ . }}
{{- end -}}
{{- end -}}
