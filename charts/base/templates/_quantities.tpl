{{/* Seconds of a duration as Go writes them (1h30m, 90s), which only Go's dates can read for a template. */}}
{{- define "agentcube.seconds" -}}
{{- $from := toDate "2006" "2000" -}}
{{ sub (dateModify . $from).Unix $from.Unix }}
{{- end -}}

{{/* Bytes of a size as Kubernetes writes it (1Gi, 1024Mi), which gives back another form of it than it was given. */}}
{{- define "agentcube.bytes" -}}
{{- $units := dict "" 1 "m" 1e-3 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "Ki" 0x1p10 "Mi" 0x1p20 "Gi" 0x1p30 "Ti" 0x1p40 "Pi" 0x1p50 -}}
{{ mulf (regexFind "^[0-9.]+" .) (get $units (regexFind "[A-Za-z]*$" .)) }}
{{- end -}}
