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

{{/*
A server that accepts connections has published its bundle. That a container has ended makes the kubelet look at the pod's volumes
again, so that the bundle is there at once: a pod that could not mount it would be tried again after ever longer whiles.
*/}}
{{- define "agentcube.agent.waits" -}}
{{- $host := printf "spire-server.%s.svc" .Release.Namespace -}}
{{- include "agentcube.wait" (dict "root" . "name" "wait-for-server") }}
    - until {{ include "agentcube.wait.accepts" (dict "host" $host "port" .Values.spire.server.service.port) }}; do sleep 1; done
{{ include "agentcube.wait" (dict "root" . "name" "wait-for-bundle") }}
    - until [ -s /run/spire/bundle/bundle.crt ]; do sleep 1; done
  volumeMounts:
    - name: bundle
      mountPath: /run/spire/bundle
      readOnly: true
{{- end -}}
