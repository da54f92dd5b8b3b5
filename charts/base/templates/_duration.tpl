{{/* Seconds of a duration as Go writes them (1h30m, 90s); empty where it cannot be read, or is not a whole number of them. */}}
{{- define "agentcube.seconds" -}}
{{- if regexMatch "^([0-9]+h)?([0-9]+m)?([0-9]+s)?$" . -}}
{{- $seconds := 0 -}}
{{- range $unit, $length := dict "h" 3600 "m" 60 "s" 1 -}}
{{- with regexFind (printf "[0-9]+%s" $unit) $ -}}
{{- $seconds = add $seconds (mul (trimSuffix $unit .) $length) -}}
{{- end -}}
{{- end -}}
{{- $seconds -}}
{{- end -}}
{{- end -}}
