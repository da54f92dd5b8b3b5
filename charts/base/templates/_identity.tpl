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

{{/* What SPIRE's controller manager fills in for a pod, from the pod itself. */}}
{{- define "agentcube.spiffeIDTemplate" -}}
{{ include "agentcube.spiffeID" (dict "trustDomain" "{{ .TrustDomain }}" "namespace" "{{ .PodMeta.Namespace }}" "serviceAccount" "{{ .PodSpec.ServiceAccountName }}") }}
{{- end -}}

{{/* One controller manager heeds only the identities of its class: several releases live side by side. */}}
{{- define "agentcube.spire.className" -}}
{{ .Release.Namespace }}-{{ .Release.Name }}
{{- end -}}

{{/* Where pods find the Workload API. The directory on the node is the release's own, the path in a pod always this. */}}
{{- define "agentcube.spire.socketMount" -}}
/run/spire/agent-sockets
{{- end -}}

{{- define "agentcube.spire.socket" -}}
{{ include "agentcube.spire.socketMount" . }}/spire-agent.sock
{{- end -}}

{{- define "agentcube.spire.socketDir" -}}
{{ .Values.spire.agent.socketDir | default (printf "/run/spire/agent-sockets/%s-%s" .Release.Namespace .Release.Name) }}
{{- end -}}
