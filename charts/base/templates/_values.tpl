{{/*
An upgrade with --reuse-values hands the templates the values of the old release, which lack every key that is
younger. So the chart carries its defaults a second time (files/defaults.json, made from values.yaml), and each template
begins with this helper, which lays them under the user's values, once a render. No template then guards a nil.

Sections are filled in key by key. What the user may shape freely (resources, security contexts) is taken whole, or a limit that
was taken away would come back.
*/}}
{{- define "agentcube.values" -}}
{{- if not (hasKey . "rendered") -}}
{{- $given := toJson .Values -}}
{{- if or (contains ":null" $given) (contains "[\"\"" $given) (contains ",\"\"" $given) -}}
{{- include "agentcube.values.prune" .Values -}}
{{- end -}}
{{- include "agentcube.values.ofMain" . -}}
{{- $defaults := .Files.Get "files/defaults.json" | fromJson -}}
{{- $_ := mergeOverwrite $defaults.merged .Values | set . "Values" -}}
{{- $changed := list -}}
{{- range $defaults.whole -}}
{{- $section := $.Values -}}
{{- range .section -}}
{{- $section = get $section . -}}
{{- end -}}
{{- if not (hasKey $section .key) -}}
{{- $_ := set $section .key .default -}}
{{- else if not (deepEqual .default (get $section .key)) -}}
{{- $changed = append $changed (dict "key" (append .section .key | join ".") "value" (get $section .key)) -}}
{{- end -}}
{{- end -}}
{{- $_ := set . "rendered" (dict "changed" $changed "wait" (include "agentcube.wait.settings" .) "releaseLabels" (include "agentcube.releaseLabels" .) "versionLabels" (include "agentcube.versionLabels" .)) -}}
{{- include "agentcube.validate" . -}}
{{- end -}}
{{- end -}}

{{/*
Takes out of a section what stands for no value: null, and "" in a list, which Helm makes of --set key=null and --set key={} and keeps
with --reuse-values. Few values have such, and to walk through all of them takes longer than to look for that in their JSON.
*/}}
{{- define "agentcube.values.prune" -}}
{{- range $key, $value := . -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $ $key -}}
{{- else if kindIs "map" $value -}}
{{- include "agentcube.values.prune" $value -}}
{{- else if and (kindIs "slice" $value) (has "" $value) -}}
{{- $_ := set $ $key (without $value "") -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Changes the stored values of a release of AgentCube's main, which lack what only this chart has. main
makes the Router's ServiceAccount, whatever its name is. Its default versions of SPIRE, which are no
wish of the user's, do not know this chart's configuration.
*/}}
{{- define "agentcube.values.ofMain" -}}
{{- with .Values -}}
{{- if and (hasKey . "spire") (not (hasKey . "tools")) -}}
{{- if not (hasKey .router "rbac") -}}
{{- $account := lookup "v1" "ServiceAccount" $.Release.Namespace (.router.serviceAccountName | default "agentcube-router") -}}
{{- $_ := set .router "rbac" (dict "create" (or (not $account) (include "agentcube.owns" (dict "root" $ "object" $account) | eq "true"))) -}}
{{- end -}}
{{- range $part, $default := dict "server" "1.12.0" "agent" "1.12.0" "spiffeHelper" "0.10.0" -}}
{{- $image := dig $part "image" dict $.Values.spire -}}
{{- if eq (get $image "tag" | toString) $default -}}
{{- $_ := unset $image "tag" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
