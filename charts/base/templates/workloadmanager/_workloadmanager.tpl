{{/* The port by which Routers of the mode that is set reach the WorkloadManagers of that mode. */}}
{{- define "agentcube.workloadmanager.port" -}}
{{ ternary .Values.workloadmanager.service.mtlsPort .Values.workloadmanager.service.port .Values.spire.enabled }}
{{- end -}}

{{/* The name of the port tells the Service which of its two ports a pod serves. */}}
{{- define "agentcube.workloadmanager.portName" -}}
{{ ternary "https" "http" .Values.spire.enabled }}
{{- end -}}

{{/*
Old Routers find no way to WorkloadManagers behind the other port. So the old ones must outlive them:
if those do not drain, as AgentCube's own chart and Kubernetes before 1.30 have it, the new ones
count as available, and replace them, only so many seconds after they are ready.
*/}}
{{- define "agentcube.workloadmanager.overlap" -}}
{{- $live := lookup "apps/v1" "Deployment" .Release.Namespace "workloadmanager" -}}
{{- range dig "spec" "template" "spec" "containers" list $live -}}
{{- if and (eq .name "workloadmanager") (not .lifecycle) (ne (include "agentcube.workloadmanager.portName" $) (dig "name" "" (first .ports | default dict))) -}}
minReadySeconds: {{ $.Values.workloadmanager.drainSeconds }}
progressDeadlineSeconds: {{ add 600 $.Values.workloadmanager.drainSeconds }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
With mutual TLS a kubelet, which has no certificate, can only ask whether the port accepts connections, and AgentCube's
WorkloadManager logs each time a failed handshake. So it asks until the program has started, and then no more.
*/}}
{{- define "agentcube.workloadmanager.probes" -}}
startupProbe:
  {{- if .Values.spire.enabled }}
  tcpSocket:
    port: https
  {{- else }}
  httpGet:
    path: /health
    port: http
  {{- end }}
  periodSeconds: 1
  # Longer than the program waits for the API server and for its files
  failureThreshold: 120
  {{- include "agentcube.probe.grace" . | nindent 2 }}
{{- if not .Values.spire.enabled }}
livenessProbe:
  httpGet:
    path: /health
    port: http
  periodSeconds: 10
  timeoutSeconds: 10
  {{- include "agentcube.probe.grace" . | nindent 2 }}
readinessProbe:
  httpGet:
    path: /health
    port: http
  periodSeconds: 2
  timeoutSeconds: 5
{{- end }}
{{- end -}}

{{- define "agentcube.workloadmanager.env" -}}
{{ include "agentcube.env" . }}
{{- if .Values.spire.enabled }}
- name: AGENTCUBE_SPIFFE_TRUST_DOMAIN
  value: {{ .Values.spire.trustDomain | quote }}
# Images that know it let no other client in; the rest ignore it
- name: AGENTCUBE_ALLOWED_CLIENT_SPIFFE_IDS
  value: {{ include "agentcube.workloadmanager.clientIDs" . }}
{{- end }}
{{- end -}}
