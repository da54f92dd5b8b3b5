{{/* agentcube.warnings returns the warnings of NOTES.txt, one on each line. */}}
{{- define "agentcube.warnings" -}}
{{- if not .Values.spire.enabled }}
  - Router and WorkloadManager communicate without TLS: anyone in the cluster can read and send requests.
{{- end }}
{{- if and .Values.spire.enabled (not (include "agentcube.sidecar.native" .)) }}
  - Kubernetes {{ .Capabilities.KubeVersion.Version }} has no native sidecars (1.29 has): the applications may restart until they have their certificates.
{{- end }}
{{- if semverCompare "<1.30-0" .Capabilities.KubeVersion.Version }}
  - Kubernetes {{ .Capabilities.KubeVersion.Version }} cannot hold stopping pods back (1.30 can): requests may fail while SPIRE is switched on or off.
{{- end }}
{{- if lt (int .Values.workloadmanager.drainSeconds) (add .Values.router.drainSeconds 60 | int) }}
  - workloadmanager.drainSeconds is not a minute above router.drainSeconds: while SPIRE is switched on or off, WorkloadManagers may go before their last Routers. Raise it before.
{{- end }}
{{- if include "agentcube.spire.agent" . }}
{{- if .Values.spire.agent.insecureBootstrap }}
  - spire.agent.insecureBootstrap: agents trust whichever server answers first. It is not needed; unset it.
{{- end }}
{{- if eq "skip" (include "agentcube.agent.kubeletVerification" .) }}
  - Agents do not verify the kubelet: a program that answers in its place can give any identity to a pod. Unset spire.agent.skipKubeletVerification, and set spire.agent.kubeletVerification to auto.
{{- end }}
{{- end }}
{{- if not .Values.router.jwt.issuerUrl }}
  - The Router serves every client that reaches it: set router.jwt.issuerUrl, or restrict access to it.
{{- end }}
{{- if .Values.redis.embedded.enabled }}
  - redis.embedded.enabled: sessions are lost with the pod of Redis. For production run your own Redis, and set redis.addr.
{{- end }}
{{- if not (include "agentcube.redis.secretName" .) }}
  - Redis has no password: set redis.secretName or redis.password.
{{- end }}
{{- end -}}
