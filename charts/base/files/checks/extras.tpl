{{/* Kubernetes refuses pods that choose others twice by one label. Takes key, where the term is in the values, and term. */}}
{{- define "agentcube.check.labelKeys" -}}
{{- $selector := .term.labelSelector | default dict -}}
{{- $selected := keys ($selector.matchLabels | default dict) -}}
{{- range $selector.matchExpressions -}}
{{- $selected = append $selected .key -}}
{{- end -}}
{{- range $label := .term.matchLabelKeys -}}
{{- range $other, $labels := dict "labelSelector" $selected "mismatchLabelKeys" $.term.mismatchLabelKeys -}}
{{- if has $label $labels -}}
{{- fail (printf "%s has %s in matchLabelKeys and in %s, and Kubernetes refuses pods with both: remove it from one of them" $.key $label $other) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the user adds to the pods of a component. Takes root, section and values. */}}
{{- $given := pick .values "affinity" "extraContainers" "extraEnv" "extraVolumeMounts" "extraVolumes" -}}
{{- include "agentcube.check" (dict "root" .root "check" "versions" "key" .section "value" $given) -}}
{{- $spread := list -}}
{{- $key := printf "%s.topologySpreadConstraints" .section -}}
{{- range .values.topologySpreadConstraints -}}
{{- $kind := list .topologyKey .whenUnsatisfiable -}}
{{- if has $kind $spread -}}
{{- fail (printf "%s has %s with %s twice: remove one of them" $key .topologyKey .whenUnsatisfiable) -}}
{{- end -}}
{{- $spread = append $spread $kind -}}
{{- include "agentcube.check.labelKeys" (dict "key" $key "term" .) -}}
{{- end -}}
{{- range $kind, $affinity := omit (.values.affinity | default dict) "nodeAffinity" -}}
{{- $key := printf "%s.affinity.%s" $.section $kind -}}
{{- range ($affinity).requiredDuringSchedulingIgnoredDuringExecution -}}
{{- include "agentcube.check.labelKeys" (dict "key" $key "term" .) -}}
{{- end -}}
{{- range ($affinity).preferredDuringSchedulingIgnoredDuringExecution -}}
{{- include "agentcube.check.labelKeys" (dict "key" $key "term" .podAffinityTerm) -}}
{{- end -}}
{{- end -}}
{{- include "agentcube.validate.unique" (dict "key" (printf "%s.extraEnv" .section) "entries" .values.extraEnv "field" "name") -}}
{{- range .values.extraContainers -}}
{{- include "agentcube.validate.unique" (dict "key" (printf "%s.extraContainers, in %s, env" $.section .name) "entries" .env "field" "name") -}}
{{- include "agentcube.validate.unique" (dict "key" (printf "%s.extraContainers, in %s, resizePolicy" $.section .name) "entries" .resizePolicy "field" "resourceName") -}}
{{- if eq .name "spiffe-helper" -}}
{{- fail (printf "%s.extraContainers has a container spiffe-helper, which tells the chart that mutual TLS is on: give it another name" $.section) -}}
{{- end -}}
{{- range .ports -}}
{{- if has .name (eq $.section "router" | ternary (list "http") (list "http" "https")) -}}
{{- fail (printf "%s.extraContainers has a port %s, and the Service finds the program by the ports of that name: give it another name" $.section .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
