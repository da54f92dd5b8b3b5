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

{{/*
Shell lines that end a container that can wait for nothing: where a service mesh starts its proxy after the init containers, each address
refuses until then. So does even one that nobody may have (RFC 5737), while one of these in another network does not answer.
*/}}
{{- define "agentcube.wait.meshed" -}}
refuses() { timeout 2 nc "$1" 443 </dev/null 2>&1 | grep -q refused; }
if refuses kubernetes.default.svc && refuses 192.0.2.1; then
  echo "a service mesh gives this pod its network later: the program starts without this wait"
  exit 0
fi
{{- end -}}
