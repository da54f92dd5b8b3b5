{{/* Seconds of a duration as Go writes them (1h30m, 90s), which only Go's dates can read for a template. */}}
{{- define "agentcube.seconds" -}}
{{- $from := toDate "2006" "2000" -}}
{{ sub (dateModify . $from).Unix $from.Unix }}
{{- end -}}

{{/* The number that a quantity of Kubernetes is (1Gi, 500m, 1e3). */}}
{{- define "agentcube.bytes" -}}
{{- $units := dict "" 1 "n" 1e-9 "u" 1e-6 "m" 1e-3 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 "Ki" 0x1p10 "Mi" 0x1p20 "Gi" 0x1p30 "Ti" 0x1p40 "Pi" 0x1p50 "Ei" 0x1p60 -}}
{{- $number := regexFind "^[+]?[0-9.]+([eE][+-]?[0-9]+)?" . -}}
{{ mulf $number (get $units (trimPrefix $number .)) }}
{{- end -}}
