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

{{/* Whether agents verify the kubelet by what a container beside them collects (files/kubelet-ca.sh). */}}
{{- define "agentcube.agent.collectsKubeletCA" -}}
{{- with .Values.spire.agent -}}
{{- if and (not .skipKubeletVerification) (eq .kubeletVerification "auto") -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{- define "agentcube.agent.kubeletCAMounts" -}}
volumeMounts:
  - name: node
    mountPath: /run/spire/node
    readOnly: true
  - name: kubelet-ca
    mountPath: /run/spire/kubelet
{{- end -}}

{{/*
A server that answers has published its bundle. That a container has ended makes the kubelet look at the pod's volumes again, so that
the bundle is there when the agent starts: the kubelet retries a failed mount with exponential backoff. That something
accepts connections is not enough: until a node knows a new Service, whatever lies outside of the cluster is asked, and a proxy there
may accept.
*/}}
{{- define "agentcube.agent.wait" -}}
{{- include "agentcube.wait" (dict "root" . "name" "wait-for-server") }}
    - |
      trap 'exit 1' TERM
      {{- if include "agentcube.agent.collectsKubeletCA" . }}
      {{- include "agentcube.file" (dict "root" . "file" "kubelet-ca.sh") | nindent 6 }}
      collect
      {{- end }}
      until {{ include "agentcube.server.answers" . | nindent 6 | trim }}; do
        sleep 0.5
      done
  {{- if include "agentcube.agent.collectsKubeletCA" . }}
  {{- include "agentcube.agent.kubeletCAMounts" . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "agentcube.agent.kubeletCAKeeper" -}}
{{- include "agentcube.wait" (dict "root" . "name" "kubelet-ca-keeper") }}
    - |
      trap 'exit 0' TERM
      {{- include "agentcube.file" (dict "root" . "file" "kubelet-ca.sh") | nindent 6 }}
      while collect; sleep 30 & wait $!; do :; done
  {{- include "agentcube.agent.kubeletCAMounts" . | nindent 2 }}
{{- end -}}

{{/* Rolls the agents when what they read at their start has changed. */}}
{{- define "agentcube.agent.checksums" -}}
checksum/agent: {{ include "agentcube.checksum" (dict "root" . "file" "agent.conf") }}
{{- end -}}

{{/* Virtual nodes run no DaemonSets, and have a taint that agents tolerate. */}}
{{- define "agentcube.agent.affinity" -}}
nodeAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    nodeSelectorTerms:
      - matchExpressions:
          - key: type
            operator: NotIn
            values:
              - virtual-kubelet
{{- end -}}
