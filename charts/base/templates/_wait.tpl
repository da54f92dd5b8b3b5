{{/*
A container of tools.image, most often an init container that holds its pod back. What follows is its
script, which has to end by itself when it is told to: as the first process of its container it would
otherwise last for the whole grace period. Takes root and name.
*/}}
{{- define "agentcube.wait" -}}
- name: {{ .name }}
  image: {{ include "agentcube.image" (dict "root" .root "image" .root.Values.tools.image) | quote }}
  imagePullPolicy: {{ .root.Values.tools.image.pullPolicy }}
  resources:
    {{- toYaml .root.Values.tools.resources | nindent 4 }}
  securityContext:
    {{- include "agentcube.container.securityContext" .root | nindent 4 }}
  command:
    - sh
    - -c
{{- end -}}
