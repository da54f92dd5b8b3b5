{{/*
What the cluster has to say. helm template, as Argo CD runs it, knows no cluster: there a look-up finds nothing, and nothing fails.
*/}}
{{- define "agentcube.validate.crds" -}}
{{- if lookup "v1" "Namespace" "" "kube-system" -}}
{{- $missing := list -}}
{{- range .Values.spire.server.enabled | ternary (list "ClusterSPIFFEID" "ClusterStaticEntry" "ClusterFederatedTrustDomain") (list "ClusterSPIFFEID") -}}
{{- if not ($.Capabilities.APIVersions.Has (printf "spire.spiffe.io/v1alpha1/%s" .)) -}}
{{- $missing = append $missing . -}}
{{- end -}}
{{- end -}}
{{- with $missing -}}
{{- fail (printf "spire.enabled needs SPIRE's CustomResourceDefinitions, and this cluster lacks %s: install the chart spire-crds first, or upgrade it" (join ", " .)) -}}
{{- end -}}
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

{{/* Kubernetes refuses other volumes for a StatefulSet that is there, and would do so in the midst of an upgrade. */}}
{{- define "agentcube.validate.volume" -}}
{{- $wanted := .Values.spire.server.persistence -}}
{{- with lookup "apps/v1" "StatefulSet" .Release.Namespace "spire-server" -}}
{{- with first (.spec.volumeClaimTemplates | default (list dict)) -}}
{{- $size := dig "spec" "resources" "requests" "storage" "0" . -}}
{{- $class := dig "spec" "storageClassName" "" . -}}
{{- if ne (dig "metadata" "name" "" .) "data" -}}
{{- fail "the StatefulSet spire-server in the cluster is another chart's, with another volume: set spire.enabled to false in one upgrade, and to true in a second one" -}}
{{- else if ne (include "agentcube.bytes" $size) (include "agentcube.bytes" $wanted.size) -}}
{{- fail (printf "spire.server.persistence.size is %s in the cluster and cannot become %s: keep it" $size $wanted.size) -}}
{{- else if ne $class $wanted.storageClass -}}
{{- fail (printf "spire.server.persistence.storageClass is %q in the cluster and cannot become %q: keep it" $class $wanted.storageClass) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "agentcube.validate.trustDomain" -}}
{{- with lookup "v1" "ConfigMap" .Release.Namespace "spire-server" -}}
{{- $present := index .data "server.conf" | default "" | regexFind `trust_domain\s*=\s*"[^"]*"` | splitList "\"" -}}
{{- if and (gt (len $present) 1) (ne (index $present 1) $.Values.spire.trustDomain) -}}
{{- fail (printf "spire.trustDomain is %s in the cluster and cannot become %s while SPIRE is on, since members of the two refuse each other: set spire.enabled to false in one upgrade, and in a second one to true together with the new trust domain" (index $present 1) $.Values.spire.trustDomain) -}}
{{- end -}}
{{- end -}}
{{- end -}}
