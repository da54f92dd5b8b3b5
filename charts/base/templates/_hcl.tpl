{{/*
A value in SPIRE's configuration files, as in JSON. What begins with a dollar sign would be replaced, by a variable of the environment
or in HCL, so that sign is escaped. So is the control character U+0085, at which YAML would end the line.
*/}}
{{- define "agentcube.hcl.value" -}}
{{ toRawJson . | replace "$" "\\u0024" | replace "\u0085" "\\u0085" }}
{{- end -}}

{{/* Settings as SPIRE's configuration files have them: maps are blocks, and so is each map in a list. Null is no setting. */}}
{{- define "agentcube.hcl" -}}
{{- range $key, $value := . }}
{{- $name := regexMatch "^[A-Za-z_][A-Za-z0-9_]*$" $key | ternary $key (include "agentcube.hcl.value" $key) }}
{{- if or (kindIs "map" $value) (and (kindIs "slice" $value) (kindIs "map" (first $value))) }}
{{- range kindIs "map" $value | ternary (list $value) $value }}
{{ $name }} {
  {{- include "agentcube.hcl" . | trim | nindent 2 }}
}
{{- end }}
{{- else if not (kindIs "invalid" $value) }}
{{ $name }} = {{ include "agentcube.hcl.value" $value }}
{{- end }}
{{- end }}
{{- end -}}
