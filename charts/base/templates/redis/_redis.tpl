{{/*
Router and WorkloadManager exit if their store does not answer when they start, so both are held back until it does. Takes
root and env, the environment of the program.
*/}}
{{- define "agentcube.redis.wait" -}}
{{- include "agentcube.wait" (dict "root" .root "name" "wait-for-redis") }}
    - |
      {{- include "agentcube.file" (dict "root" .root "file" "wait-for-redis.sh") | nindent 6 }}
  env:
    {{- include "agentcube.env.waiting" .env | trim | nindent 4 }}
{{- end -}}
