{{/*
An upgrade with --reuse-values hands the templates the values of the old release, which lack every key that is
younger. So the chart carries its defaults a second time (files/defaults.json, made from values.yaml), and each template
begins with this helper, which lays them under the user's values, once a render. No template then guards a nil.
*/}}
{{- define "agentcube.values" -}}
{{- if not (hasKey . "layered") -}}
{{- include "agentcube.layer" (dict "over" .Values "under" (.Files.Get "files/defaults.json" | fromJson)) -}}
{{- $_ := set . "layered" true -}}
{{- $_ := set . "rendered" dict -}}
{{- include "agentcube.validate" . -}}
{{- end -}}
{{- end -}}

{{/*
Adds what "over" lacks. Sections are filled in key by key; what the user may shape freely (resources, security
contexts) is taken whole, or a limit that was taken away would come back. sprig's merge would not do: to it false, 0 and "" are absent.
*/}}
{{- define "agentcube.layer" -}}
{{- range $key, $default := .under -}}
{{- if not (hasKey $.over $key) -}}
{{- $_ := set $.over $key $default -}}
{{- else if and $default (kindIs "map" $default) (ne $key "resources") (not (hasSuffix "ecurityContext" $key)) -}}
{{- include "agentcube.layer" (dict "over" (get $.over $key) "under" $default) -}}
{{- end -}}
{{- end -}}
{{- end -}}
