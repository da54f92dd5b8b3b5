{{/* Takes since, kubernetes (the cluster's version), key and value. */}}
{{- define "agentcube.check.since" -}}
{{- if kindIs "map" .value -}}
{{- range $field, $value := .value -}}
{{- $key := printf "%s.%s" $.key $field -}}
{{- $found := or (kindIs "map" $value) (kindIs "slice" $value) | ternary $key (printf "%s=%v" $key $value) -}}
{{- range $path, $version := $.since -}}
{{- if and (regexMatch (printf "%s(=.*)?$" $path) $found) (not (kindIs "invalid" $value)) (semverCompare (printf "<%s-0" $version) $.kubernetes) -}}
{{- fail (printf "%s has no effect before Kubernetes %s, and this is %s: remove it, or upgrade Kubernetes" $key $version $.kubernetes) -}}
{{- end -}}
{{- end -}}
{{- include "agentcube.check.since" (dict "since" $.since "kubernetes" $.kubernetes "key" $key "value" $value) -}}
{{- end -}}
{{- else if kindIs "slice" .value -}}
{{- range .value -}}
{{- include "agentcube.check.since" (dict "since" $.since "kubernetes" $.kubernetes "key" $.key "value" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Older versions of Kubernetes drop a field that they do not know, or that is not on by default there, and some refuse what is left. Each
field is the end of its path, as a pattern, or that and its value, with the first version that heeds it. Takes root, key and value.
*/}}
{{- $since := dict
  "fieldPath=status[.]hostIPs" "1.29"
  "ecurityContext[.]appArmorProfile" "1.30"
  "lifecycle[.](postStart|preStop)[.]sleep" "1.30"
  "olumeMounts[.]recursiveReadOnly" "1.31"
  "pod(Anti)?Affinity[.].*[.](match|mismatch)LabelKeys" "1.31"
  "lifecycle[.](postStart|preStop)[.]sleep[.]seconds=0" "1.33"
  "podSecurityContext[.]seLinuxChangePolicy" "1.33"
  "podSecurityContext[.]supplementalGroupsPolicy" "1.33"
  "volumeClaimTemplate[.]spec[.]volumeAttributesClassName" "1.34"
  "extraVolumes[.]image" "1.35"
  "valueFrom[.]fileKeyRef" "1.35" -}}
{{- include "agentcube.check.since" (dict "since" $since "kubernetes" .root.Capabilities.KubeVersion.Version "key" .key "value" .value) -}}
