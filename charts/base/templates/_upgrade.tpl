{{/*
Helm merges an upgrade with the last revision that was deployed, even if a later one failed and the
pods are already that one's. What only the failed revision has (the sidecar, a port, a probe) then
stays in the pods. So the Deployments record which revision has written them, and the mode of the
one that was deployed before it. An upgrade that would leave such a mixture is rejected before
anything changes.
*/}}

{{/* Whether this release has made a live object of its namespace. Takes root and object. */}}
{{- define "agentcube.owns" -}}
{{- if eq .root.Release.Name (dig "metadata" "annotations" "meta.helm.sh/release-name" "" .object) -}}true{{- end -}}
{{- end -}}

{{/* The two modes of a pod: its connections between Router and WorkloadManager are mutual TLS, or plain. */}}
{{- define "agentcube.mode" -}}
{{ ternary "mtls" "plain" .Values.spire.enabled }}
{{- end -}}

{{/* The mode of a live Deployment. Takes a Deployment. */}}
{{- define "agentcube.mode.live" -}}
{{- $pod := .spec.template.spec -}}
{{- $mode := "plain" -}}
{{- range concat ($pod.initContainers | default list) $pod.containers -}}
{{- if eq .name "spiffe-helper" -}}
{{- $mode = "mtls" -}}
{{- end -}}
{{- end -}}
{{ $mode }}
{{- end -}}

{{/*
The status of a revision of this release, from a label of Helm's record of it: a Secret, or a
ConfigMap if that is the storage driver. Empty: there is no such record. Takes root and revision.
*/}}
{{- define "agentcube.revision.status" -}}
{{- $name := printf "sh.helm.release.v1.%s.v%d" .root.Release.Name .revision -}}
{{- $namespace := .root.Release.Namespace -}}
{{- with lookup "v1" "Secret" $namespace $name | default (lookup "v1" "ConfigMap" $namespace $name) -}}
{{ dig "labels" "status" "" .metadata }}
{{- end -}}
{{- end -}}

{{/*
The mode of the last deployed revision; empty: unknown, or there is none. After a failure the live
Deployment is the deployed revision's if no later one has written it. Takes root and name of a
Deployment.
*/}}
{{- define "agentcube.mode.deployed" -}}
{{- with lookup "apps/v1" "Deployment" .root.Release.Namespace .name -}}
{{- $writer := int (dig "annotations" "agentcube.volcano.sh/revision" "0" .metadata) -}}
{{- $untouched := and $writer (le $writer (int (include "agentcube.upgrade.lastDeployed" $.root))) -}}
{{- if and (include "agentcube.upgrade.afterFailure" $.root) (not $untouched) -}}
{{ dig "annotations" "agentcube.volcano.sh/deployed-mode" "" .metadata }}
{{- else -}}
{{ include "agentcube.mode.live" . }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether the last revision failed. */}}
{{- define "agentcube.upgrade.afterFailure" -}}
{{- if eq "failed" (include "agentcube.revision.status" (dict "root" . "revision" (sub .Release.Revision 1))) -}}true{{- end -}}
{{- end -}}

{{/* The newest revision that was deployed and that Helm still has a record of; empty: none. */}}
{{- define "agentcube.upgrade.lastDeployed" -}}
{{- $found := "" -}}
{{- range $revision := untilStep (int (sub .Release.Revision 1)) 0 -1 -}}
{{- if and (not $found) (eq "deployed" (include "agentcube.revision.status" (dict "root" $ "revision" $revision))) -}}
{{- $found = $revision -}}
{{- end -}}
{{- end -}}
{{ $found }}
{{- end -}}

{{/* The way back from a revision that failed; empty: it did not, or there is none to go back to. */}}
{{- define "agentcube.upgrade.rollBackFirst" -}}
{{- if include "agentcube.upgrade.afterFailure" . -}}
{{- with include "agentcube.upgrade.lastDeployed" . -}}
Roll back first, and then upgrade again: helm rollback {{ $.Release.Name }} {{ . }} --namespace {{ $.Release.Namespace }} --wait
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
What a switch of SPIRE on that failed has left in the cluster; empty: nothing. Helm creates the
objects in the order of their kinds, and here is each that may be the first one.
*/}}
{{- define "agentcube.upgrade.spire" -}}
{{- $left := "" -}}
{{- range $name, $kinds := dict "spiffe-helper" (list "v1 ConfigMap") "spire-agent" (list "v1 ServiceAccount" "apps/v1 DaemonSet") "spire-server" (list "networking.k8s.io/v1 NetworkPolicy" "policy/v1 PodDisruptionBudget") -}}
{{- range $kinds -}}
{{- $kind := splitList " " . -}}
{{- with lookup (first $kind) (last $kind) $.Release.Namespace $name -}}
{{- if include "agentcube.owns" (dict "root" $ "object" .) -}}
{{- $left = printf "%s %s" (last $kind) $name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{ $left }}
{{- end -}}

{{- define "agentcube.validate.upgrade" -}}
{{- if include "agentcube.upgrade.afterFailure" . -}}
{{- $wanted := include "agentcube.mode" . -}}
{{- $deployed := include "agentcube.upgrade.lastDeployed" . -}}
{{- $remains := "" -}}
{{- range list "agentcube-router" "workloadmanager" -}}
{{- $recorded := include "agentcube.mode.deployed" (dict "root" $ "name" .) -}}
{{- with lookup "apps/v1" "Deployment" $.Release.Namespace . -}}
{{- if and (ne $wanted (include "agentcube.mode.live" .)) (has $recorded (list "" $wanted)) -}}
{{- $remains = printf "Deployment %s" .metadata.name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (not $remains) (eq $wanted "plain") (eq "plain" (include "agentcube.mode.deployed" (dict "root" $ "name" "workloadmanager"))) -}}
{{- $remains = include "agentcube.upgrade.spire" . -}}
{{- end -}}
{{- if and $remains $deployed -}}
{{- fail (printf "revision %d failed with the other value of spire.enabled, after it had changed the %s, but Helm would merge this upgrade with revision %s, the last one deployed, and leave parts of the failed one in place. Nothing has been changed. %s"
  (sub .Release.Revision 1) $remains $deployed (include "agentcube.upgrade.rollBackFirst" .)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
