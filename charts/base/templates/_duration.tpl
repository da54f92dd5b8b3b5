{{/* Seconds of a duration as Go writes them (1h30m, 90s), which only Go's dates can read for a template. */}}
{{- define "agentcube.seconds" -}}
{{- $from := toDate "2006" "2000" -}}
{{ sub (dateModify . $from).Unix $from.Unix }}
{{- end -}}
