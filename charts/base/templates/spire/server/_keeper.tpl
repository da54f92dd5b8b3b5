{{/* Beside the server: puts a lost trust bundle back into its ConfigMap (files/keep-bundle.sh). */}}
{{- define "agentcube.bundleKeeper" -}}
- name: bundle-keeper
  image: {{ include "agentcube.image" (dict "root" . "image" .Values.tools.image) | quote }}
  imagePullPolicy: {{ .Values.tools.image.pullPolicy }}
  command:
    - sh
    - -c
    - |
      {{- include "agentcube.file" (dict "root" . "file" "keep-bundle.sh") | nindent 6 }}
  resources:
    {{- toYaml .Values.tools.resources | nindent 4 }}
  securityContext:
    {{- include "agentcube.container.securityContext" . | nindent 4 }}
  volumeMounts:
    - name: bundle-keeper
      mountPath: /run/bundle-keeper
{{- end -}}
