{{/* An agent is healthy when its Workload API answers. By a command, since the pod has the node's network and so the node's ports. */}}
{{- define "agentcube.agent.probe" -}}
exec:
  command:
    - /opt/spire/bin/spire-agent
    - healthcheck
    - -socketPath
    - {{ include "agentcube.spire.socket" . }}
{{- end -}}

{{/* Whether the kubelet is verified by the certificate in the node's own file system. */}}
{{- define "agentcube.agent.nodeCertificate" -}}
{{- with .Values.spire.agent -}}
{{- if and (not .skipKubeletVerification) (eq .kubeletVerification "nodeCertificate") -}}true{{- end -}}
{{- end -}}
{{- end -}}
