{{/*
A container of tools.image, most often an init container that holds its pod back. What follows is its
script, which has to end by itself when it is told to: as the first process of its container it would
otherwise last for the whole grace period. Takes root and name.
*/}}
{{- define "agentcube.wait" -}}
- name: {{ .name }}
{{- .root.rendered.wait }}
{{- end -}}

{{/* What these containers have in common; made once a render. */}}
{{- define "agentcube.wait.settings" }}
  image: {{ include "agentcube.image" (dict "root" . "image" .Values.tools.image) | quote }}
  imagePullPolicy: {{ .Values.tools.image.pullPolicy }}
  resources:
    {{- toYaml .Values.tools.resources | nindent 4 }}
  securityContext:
    {{- include "agentcube.container.securityContext" . | nindent 4 }}
  command:
    - sh
    - -c
{{- end -}}
