{{/* For pods that the namespace's Pod Security level "restricted" admits. */}}
{{- define "agentcube.pod.securityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "agentcube.container.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end -}}

{{- define "agentcube.imagePullSecrets" -}}
{{- with .Values.imagePullSecrets -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* The environment that Router and WorkloadManager share. */}}
{{- define "agentcube.env" -}}
- name: AGENTCUBE_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: REDIS_ADDR
  value: {{ include "agentcube.redis.addr" . | quote }}
{{- with include "agentcube.redis.secretName" . }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ $.Values.redis.secretKey }}
{{- else }}
- name: REDIS_PASSWORD_REQUIRED
  value: "false"
{{- end }}
{{- end -}}

{{/*
A stopping pod goes on serving for these seconds. Kubernetes does the waiting, since images need not have a shell; servers
below 1.30 cannot, and there the pod stops at once. Takes root and seconds.
*/}}
{{- define "agentcube.drain" -}}
{{- if and .seconds (semverCompare ">=1.30-0" .root.Capabilities.KubeVersion.Version) -}}
lifecycle:
  preStop:
    sleep:
      seconds: {{ .seconds }}
{{- end -}}
{{- end -}}
