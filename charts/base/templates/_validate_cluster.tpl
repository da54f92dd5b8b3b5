{{/*
Checks against the live cluster. `helm template`, as Argo CD runs it, knows no cluster: there a
look-up finds nothing, and nothing is rejected. Each look-up is a right that the installer needs, so
it is made only where the values or the cluster call for it (docs/operations.md lists the rights).
*/}}

{{/* Whether a cluster is known. */}}
{{- define "agentcube.cluster" -}}
{{- if lookup "v1" "Namespace" "" "kube-system" -}}true{{- end -}}
{{- end -}}

{{/* Both levels below `privileged` forbid host paths, and would admit no pod of Router, WorkloadManager and agents. */}}
{{- define "agentcube.validate.podSecurity" -}}
{{- if eq .Values.spire.workloadAPI.type "hostPath" -}}
{{- with lookup "v1" "Namespace" "" .Release.Namespace -}}
{{- $level := dig "labels" "pod-security.kubernetes.io/enforce" "privileged" .metadata -}}
{{- if ne $level "privileged" -}}
{{- $remedy := ternary "" ", or, if the existing SPIRE has the SPIFFE CSI driver, set spire.workloadAPI.type to csi" $.Values.spire.agent.enabled -}}
{{- fail (printf "the label pod-security.kubernetes.io/enforce of the namespace %s is %s, and with spire.enabled its pods need host paths, which that level forbids: run kubectl label namespace %s pod-security.kubernetes.io/enforce=privileged --overwrite%s" $.Release.Namespace $level $.Release.Namespace $remedy) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "agentcube.validate.crds" -}}
{{- $missing := list -}}
{{- range .Values.spire.server.enabled | ternary (list "ClusterSPIFFEID" "ClusterStaticEntry" "ClusterFederatedTrustDomain") (list "ClusterSPIFFEID") -}}
{{- if not ($.Capabilities.APIVersions.Has (printf "spire.spiffe.io/v1alpha1/%s" .)) -}}
{{- $missing = append $missing . -}}
{{- end -}}
{{- end -}}
{{- if and $missing (include "agentcube.cluster" .) -}}
{{- fail (printf "spire.enabled needs SPIRE's CustomResourceDefinitions, and this cluster lacks %s: install the chart spire-crds first, or upgrade it" (join ", " $missing)) -}}
{{- end -}}
{{- end -}}

{{/* Where its kind is unknown, a look-up would end the render; the name is that of the Router's, whose neighbour has the same owner. */}}
{{- define "agentcube.validate.identities" -}}
{{- if and .Values.spire.identities.create (.Capabilities.APIVersions.Has "spire.spiffe.io/v1alpha1/ClusterSPIFFEID") -}}
{{- with lookup "spire.spiffe.io/v1alpha1" "ClusterSPIFFEID" "" (printf "%s-agentcube-router" .Release.Name) -}}
{{- $owner := dig "annotations" "meta.helm.sh/release-namespace" "" .metadata -}}
{{- if and $owner (ne $owner $.Release.Namespace) -}}
{{- fail (printf "the ClusterSPIFFEID %s belongs to the release %s in the namespace %s, and its name, which holds no namespace, cannot be taken twice: give this release another name" .metadata.name $.Release.Name $owner) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Kubernetes rejects other volumes for a live StatefulSet, and would do so amid an upgrade. */}}
{{- define "agentcube.validate.volume" -}}
{{- $wanted := .Values.spire.server.persistence -}}
{{- $remedy := include "agentcube.upgrade.rollBackFirst" . | default "keep it" -}}
{{- with lookup "v1" "PersistentVolumeClaim" .Release.Namespace "data-spire-server-0" -}}
{{- if eq "Pending" (dig "status" "phase" "" .) -}}
{{- $remedy = printf "the volume was never made, so nothing is on it. Delete what waits for it, and upgrade again: kubectl delete statefulset/spire-server persistentvolumeclaim/data-spire-server-0 --namespace %s" $.Release.Namespace -}}
{{- end -}}
{{- end -}}
{{- with lookup "apps/v1" "StatefulSet" .Release.Namespace "spire-server" -}}
{{- $claim := first (.spec.volumeClaimTemplates | default (list dict)) -}}
{{- $name := dig "metadata" "name" "" $claim -}}
{{- if ne $wanted.enabled (not (not $name)) -}}
{{- fail (printf "spire.server.persistence.enabled is %t in the cluster and cannot become %t while SPIRE is on: set spire.enabled to false in one upgrade, and to true in a second one" (not $wanted.enabled) $wanted.enabled) -}}
{{- end -}}
{{- if eq $name "data" -}}
{{- $size := dig "spec" "resources" "requests" "storage" "0" $claim -}}
{{- $class := dig "spec" "storageClassName" "" $claim -}}
{{- if ne (include "agentcube.bytes" $size) (include "agentcube.bytes" $wanted.size) -}}
{{- fail (printf "spire.server.persistence.size is %s in the cluster and cannot become %s: %s" $size $wanted.size $remedy) -}}
{{- else if ne $class $wanted.storageClass -}}
{{- fail (printf "spire.server.persistence.storageClass is %q in the cluster and cannot become %q: %s" $class $wanted.storageClass $remedy) -}}
{{- end -}}
{{- end -}}
{{- else -}}
{{- if $wanted.enabled -}}
{{- include "agentcube.validate.claim" . -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
A new server takes a claim that is left from an earlier one. Without one, a StorageClass has to make
its volume, or an administrator has made one of that class.
*/}}
{{- define "agentcube.validate.claim" -}}
{{- $class := .Values.spire.server.persistence.storageClass -}}
{{- $claim := lookup "v1" "PersistentVolumeClaim" .Release.Namespace "data-spire-server-0" -}}
{{- if ne "Bound" (dig "status" "phase" "" $claim) -}}
{{- $names := list -}}
{{- $usable := list -}}
{{- range (lookup "storage.k8s.io/v1" "StorageClass" "" "").items -}}
{{- $names = append $names .metadata.name -}}
{{- if or (eq $class .metadata.name) (and (not $class) (eq "true" (dig "annotations" "storageclass.kubernetes.io/is-default-class" "" .metadata))) -}}
{{- $usable = append $usable .metadata.name -}}
{{- end -}}
{{- end -}}
{{- if not $usable -}}
{{- range (lookup "v1" "PersistentVolume" "" "").items -}}
{{- if and (eq $class (dig "storageClassName" "" .spec)) (eq "Available" (dig "status" "phase" "" .)) -}}
{{- $usable = list $class -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (not $usable) (include "agentcube.cluster" .) -}}
{{- $lacks := ternary (printf "the cluster has no StorageClass %s" $class) "spire.server.persistence.storageClass is empty, and the cluster has no default StorageClass" (not (not $class)) -}}
{{- fail (printf "%s, so the SPIRE server would wait for its volume forever: set spire.server.persistence.storageClass to a StorageClass of the cluster (%s)" $lacks (join ", " $names | default "there is none")) -}}
{{- end -}}
{{- if and $claim (not (has (dig "spec" "storageClassName" "" $claim) $usable)) -}}
{{- fail (printf "the PersistentVolumeClaim data-spire-server-0 was never bound, so it holds nothing, and it asks for another StorageClass than spire.server.persistence.storageClass, %q. Delete it first: kubectl delete persistentvolumeclaim data-spire-server-0 --namespace %s" $class .Release.Namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "agentcube.validate.trustDomain" -}}
{{- $remedy := include "agentcube.upgrade.rollBackFirst" . | default "Set spire.enabled to false in one upgrade, and in a second one to true together with the new trust domain" -}}
{{/* The second name is that of AgentCube's main */}}
{{- with lookup "v1" "ConfigMap" .Release.Namespace "spire-server" | default (lookup "v1" "ConfigMap" .Release.Namespace "spire-server-config") -}}
{{- $present := join "\n" (values (.data | default dict)) | regexFind `trust_domain\s*=\s*"[^"]*"` | splitList "\"" -}}
{{- if and (gt (len $present) 1) (ne (index $present 1) $.Values.spire.trustDomain) -}}
{{- fail (printf "spire.trustDomain is %s in the cluster and cannot become %s while SPIRE is on, since members of the two reject each other. %s" (index $present 1) $.Values.spire.trustDomain $remedy) -}}
{{- end -}}
{{- end -}}
{{- end -}}
