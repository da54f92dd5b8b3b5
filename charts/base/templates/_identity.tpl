{{/* The one place that composes a SPIFFE ID. Takes trustDomain, namespace and serviceAccount. */}}
{{- define "agentcube.spiffeID" -}}
spiffe://{{ .trustDomain }}/ns/{{ .namespace }}/sa/{{ .serviceAccount }}
{{- end -}}

{{/* The account of each program; its SPIFFE ID ends in it. */}}
{{- define "agentcube.router.serviceAccount" -}}
{{ .Values.router.serviceAccountName | default "agentcube-router" }}
{{- end -}}

{{- define "agentcube.workloadmanager.serviceAccount" -}}
workloadmanager
{{- end -}}

{{- define "agentcube.router.spiffeID" -}}
{{ include "agentcube.spiffeID" (dict "trustDomain" .Values.spire.trustDomain "namespace" .Release.Namespace "serviceAccount" (include "agentcube.router.serviceAccount" .)) }}
{{- end -}}

{{/* Whom the WorkloadManager lets in: the Router, and other clients that the values name. */}}
{{- define "agentcube.workloadmanager.clientIDs" -}}
{{- $ids := list (include "agentcube.router.spiffeID" .) -}}
{{- range .Values.spire.identities.clients -}}
{{- $ids = append $ids (include "agentcube.spiffeID" (dict "trustDomain" $.Values.spire.trustDomain "namespace" .namespace "serviceAccount" .serviceAccount)) -}}
{{- end -}}
{{ join "," $ids }}
{{- end -}}

{{/* What SPIRE's controller manager fills in for a pod, from the pod itself. */}}
{{- define "agentcube.spiffeIDTemplate" -}}
{{ include "agentcube.spiffeID" (dict "trustDomain" "{{ .TrustDomain }}" "namespace" "{{ .PodMeta.Namespace }}" "serviceAccount" "{{ .PodSpec.ServiceAccountName }}") }}
{{- end -}}

{{/* One controller manager heeds only the identities of its class: several releases live side by side. */}}
{{- define "agentcube.spire.className" -}}
{{- if .Values.spire.identities.className -}}
{{ .Values.spire.identities.className }}
{{- else if include "agentcube.spire.server" . -}}
{{ .Release.Namespace }}-{{ .Release.Name }}
{{- end -}}
{{- end -}}

{{/* Whether the release runs SPIRE itself, or finds it in the cluster. */}}
{{- define "agentcube.spire.server" -}}
{{- if and .Values.spire.enabled .Values.spire.server.enabled -}}true{{- end -}}
{{- end -}}

{{- define "agentcube.spire.agent" -}}
{{- if and .Values.spire.enabled .Values.spire.agent.enabled -}}true{{- end -}}
{{- end -}}

{{/* Where pods find the Workload API. The directory on the node is the release's own, the path in a pod always this. */}}
{{- define "agentcube.spire.socketMount" -}}
/run/spire/agent-sockets
{{- end -}}

{{- define "agentcube.spire.socket" -}}
{{ include "agentcube.spire.socketMount" . }}/{{ .Values.spire.workloadAPI.socketName }}
{{- end -}}

{{- define "agentcube.spire.socketDir" -}}
{{- if .Values.spire.workloadAPI.hostPath -}}
{{ .Values.spire.workloadAPI.hostPath }}
{{- else if .Values.spire.agent.enabled -}}
/run/spire/agent-sockets/{{ .Release.Namespace }}-{{ .Release.Name }}
{{- else -}}
/run/spire/agent-sockets
{{- end -}}
{{- end -}}
