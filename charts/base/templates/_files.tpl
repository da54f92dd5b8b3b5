{{/* A configuration file from files/, with the release's values in it; made once a render. Takes root and file. */}}
{{- define "agentcube.file" -}}
{{- if not (hasKey .root.rendered .file) -}}
{{- $_ := set .root.rendered .file (tpl (.root.Files.Get (printf "files/%s" .file)) .root | trim) -}}
{{- end -}}
{{ get .root.rendered .file }}
{{- end -}}

{{/* A changed configuration rolls the pods that read it, and no others. Takes root and file. */}}
{{- define "agentcube.checksum" -}}
{{ include "agentcube.file" . | sha256sum }}
{{- end -}}
