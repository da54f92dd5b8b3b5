{{/* Settings as SPIRE's configuration files have them: maps are blocks, all else is written as in JSON. */}}
{{- define "agentcube.hcl" -}}
{{- range $key, $value := . }}
{{- if kindIs "map" $value }}
{{ $key }} {
  {{- include "agentcube.hcl" $value | trim | nindent 2 }}
}
{{- else }}
{{ $key }} = {{ toJson $value }}
{{- end }}
{{- end }}
{{- end -}}
