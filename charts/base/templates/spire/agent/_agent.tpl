{{/* An agent is healthy when its Workload API answers. By a command, since the pod has the node's network and so the node's ports. */}}
{{- define "agentcube.agent.probe" -}}
exec:
  command:
    - /opt/spire/bin/spire-agent
    - healthcheck
    - -socketPath
    - {{ include "agentcube.spire.socket" . }}
{{- end -}}

{{/* How agents verify the kubelet. With auto, a container beside them collects what they do it by (files/kubelet-ca.sh). */}}
{{- define "agentcube.agent.kubeletVerification" -}}
{{- with .Values.spire.agent -}}
{{- ternary "skip" .kubeletVerification .skipKubeletVerification -}}
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
{{- $auto := eq "auto" (include "agentcube.agent.kubeletVerification" .) -}}
{{- include "agentcube.wait" (dict "root" . "name" "wait-for-server") }}
    - |
      trap 'exit 1' TERM
      {{- if $auto }}
      {{- include "agentcube.file" (dict "root" . "file" "kubelet-ca.sh") | nindent 6 }}
      collect
      {{- end }}
      until {{ include "agentcube.server.answers" . | nindent 6 | trim }}; do
        sleep 0.5
      done
  {{- if $auto }}
  {{- include "agentcube.agent.kubeletCAMounts" . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/*
Not ready where the kubelet's certificate is not accepted, since the agent can then attest no pod, and looks ready all the same. Most
often it has expired: a kubelet does not renew the one that it signed itself. The name in it is not that of the loopback, and is not verified.
*/}}
{{- define "agentcube.agent.kubeletCAKeeper" -}}
{{- include "agentcube.wait" (dict "root" . "name" "kubelet-ca-keeper") }}
    - |
      trap 'exit 0' TERM
      {{- include "agentcube.file" (dict "root" . "file" "kubelet-ca.sh") | nindent 6 }}
      while collect; sleep 30 & wait $!; do :; done
  readinessProbe:
    exec:
      command:
        - sh
        - -c
        - "! curl --silent --show-error --noproxy '*' --max-time 5 --output /dev/null --cacert /run/spire/kubelet/ca.crt https://127.0.0.1:10250/healthz 2>&1 | grep 'SSL certificate problem'"
    periodSeconds: 60
    timeoutSeconds: 10
  {{- include "agentcube.agent.kubeletCAMounts" . | nindent 2 }}
{{- end -}}

{{/* Rolls the agents when what they read at their start has changed. */}}
{{- define "agentcube.agent.checksums" -}}
checksum/agent: {{ include "agentcube.checksum" (dict "root" . "file" "agent.conf") }}
{{- end -}}

{{/* Virtual nodes, and those of AWS Fargate, run no DaemonSets; agents tolerate their taints. */}}
{{- define "agentcube.agent.affinity" -}}
nodeAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    nodeSelectorTerms:
      - matchExpressions:
          - key: type
            operator: NotIn
            values:
              - virtual-kubelet
          - key: eks.amazonaws.com/compute-type
            operator: NotIn
            values:
              - fargate
{{- end -}}
