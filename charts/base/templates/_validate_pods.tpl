{{/*
What meets in one pod: the names of its containers and volumes, paths, ports and flags, the chart's and the user's. The user's are
compared with the pod as it is rendered, so that no name of the chart stands here a second time. Reading a pod takes time, and a
pod to which the values add nothing has no such conflict, but for ports.
*/}}
{{- define "agentcube.validate.pods" -}}
{{- $spire := .Values.spire -}}
{{- range $section, $port := dict "router" .Values.router.service.targetPort "workloadmanager" (include "agentcube.workloadmanager.port" .) -}}
{{- with index $.Values $section -}}
{{- if or .extraArgs .extraContainers .extraEnv .extraVolumes .extraVolumeMounts .podAnnotations (and $spire.enabled (eq (int $port) (int $spire.spiffeHelper.healthPort))) -}}
{{- include "agentcube.check" (dict "root" $ "check" "pod" "section" $section "values" . "file" (printf "%s/deployment.yaml" $section)
  "ports" (printf "%s.service, spire.spiffeHelper.healthPort or %s.extraContainers" $section $section)) -}}
{{- end -}}
{{- include "agentcube.validate.extras" (dict "root" $ "section" $section "values" .) -}}
{{- if .autoscaling.enabled -}}
{{- include "agentcube.check" (dict "root" $ "check" "autoscaling" "section" $section "values" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if include "agentcube.spire.server" . -}}
{{- with $spire.server -}}
{{- include "agentcube.validate.extras" (dict "root" $ "section" "spire.server" "values" .) -}}
{{- if or .extraVolumes .extraVolumeMounts .podAnnotations .metrics.enabled -}}
{{- include "agentcube.check" (dict "root" $ "check" "pod" "section" "spire.server" "values" . "file" "spire/server/statefulset.yaml" "ports" "spire.server.metrics.port") -}}
{{- end -}}
{{- end -}}
{{- with $spire.agent -}}
{{- include "agentcube.validate.extras" (dict "root" $ "section" "spire.agent" "values" .) -}}
{{- if .podAnnotations -}}
{{- include "agentcube.check" (dict "root" $ "check" "pod" "section" "spire.agent" "values" . "file" "spire/agent/daemonset.yaml" "ports" "spire.agent.metrics.port") -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the user adds to the pods of a component. Takes root, section and values. */}}
{{- define "agentcube.validate.extras" -}}
{{- with .values -}}
{{- if or .affinity .topologySpreadConstraints .extraEnv .extraContainers .extraVolumes .extraVolumeMounts -}}
{{- include "agentcube.check" (dict "root" $.root "check" "extras" "section" $.section "values" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Kubernetes refuses a list with two entries of one name, or, of variables, keeps but one of them in an upgrade. Takes key, entries and
field, which holds the name.
*/}}
{{- define "agentcube.validate.unique" -}}
{{- $names := list -}}
{{- range .entries -}}
{{- $name := get . $.field -}}
{{- if has $name $names -}}
{{- fail (printf "%s has %s twice: remove one of them" $.key $name) -}}
{{- end -}}
{{- $names = append $names $name -}}
{{- end -}}
{{- end -}}

{{- define "agentcube.validate.changed" -}}
{{- $changed := .rendered.changed -}}
{{- range $section := list "router" "workloadmanager" -}}
{{- range (index $.Values $section).extraContainers -}}
{{- $changed = append $changed (dict "key" (printf "%s.extraContainers, in %s, resources" $section .name) "value" .resources) -}}
{{- end -}}
{{- end -}}
{{- if $changed -}}
{{- include "agentcube.check" (dict "root" . "check" "resources" "changed" $changed) -}}
{{- end -}}
{{- end -}}

{{/* The directory of the certificates is mounted over what the images have there. */}}
{{- define "agentcube.validate.certDir" -}}
{{- $dir := clean .Values.spire.spiffeHelper.certDir -}}
{{- $system := "^/(bin|boot|dev|lib|lib64|proc|sbin|spiffe-helper|sys|usr|etc/(group|hostname|hosts|passwd|pki|resolv[.]conf|ssl)|(var/)?run/secrets)(/.*)?$|^/(app|etc|home|opt|root|run|tmp|var|var/(lib|run))$" -}}
{{- if regexMatch $system $dir -}}
{{- fail (printf "spire.spiffeHelper.certDir is %s, which would hide files of the images: choose a directory of its own, as /run/spire/certs" $dir) -}}
{{- end -}}
{{- range list "/etc/spiffe-helper" (include "agentcube.spire.socketMount" .) -}}
{{- if hasPrefix (printf "%s/" .) (printf "%s/" $dir) -}}
{{- fail (printf "spire.spiffeHelper.certDir is %s, and the pods have other files in %s: choose a directory of its own, as /run/spire/certs" $dir .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
