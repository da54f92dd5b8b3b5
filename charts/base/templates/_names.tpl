{{/* Objects of one component carry these labels. Takes root, app and component. */}}
{{- define "agentcube.labels" -}}
app: {{ .app | quote }}
app.kubernetes.io/component: {{ .component }}
{{ .root.rendered.releaseLabels }}
{{ .root.rendered.versionLabels }}
{{- end -}}

{{/* Pods carry no version: a new chart alone rolls none of them. */}}
{{- define "agentcube.podLabels" -}}
app: {{ .app | quote }}
app.kubernetes.io/component: {{ .component }}
{{ .root.rendered.releaseLabels }}
{{- end -}}

{{/* What all objects have in common; made once a render, as is the next. */}}
{{- define "agentcube.releaseLabels" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default .Chart.Name | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/part-of: agentcube
{{- end -}}

{{- define "agentcube.versionLabels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Cluster-scoped names hold the namespace and the release, so that releases do not collide. Takes root and name. */}}
{{- define "agentcube.clusterName" -}}
{{ .root.Release.Namespace }}-{{ .root.Release.Name }}-{{ .name }}
{{- end -}}

{{/*
A number or boolean as the text that Kubernetes wants. Values files and stored releases give a text of digits as a number, which
templates would write as 1.2345678e+07.
*/}}
{{- define "agentcube.text" -}}
{{ kindIs "string" . | ternary . (toJson .) }}
{{- end -}}

{{/*
Labels or annotations: the chart's, and the user's, which replace those of the same name unless the chart depends on them. Of all
annotations of an object Kubernetes takes 256 KiB, of which 1 KiB is enough for others than the user's. Takes chart (text), extra (a
map) and key, where that map is in the values.
*/}}
{{- define "agentcube.texts" -}}
{{- $texts := .chart -}}
{{- $size := 0 -}}
{{- range $name, $value := .extra -}}
{{- $text := include "agentcube.text" $value -}}
{{- $size = add $size (len $name) (len $text) -}}
{{- $line := dict $name $text | toYaml -}}
{{- $ours := regexFind (printf "(?m)^%s: .*$" (regexQuoteMeta $name)) $.chart -}}
{{- if not $ours -}}
{{- $texts = printf "%s\n%s" $texts $line -}}
{{- else if ne (fromYaml $ours | toYaml) $line -}}
{{- if and (regexMatch "^(app$|checksum/)" $name) (not (regexMatch "[.]podMonitor[.]|^test[.]" $.key)) -}}
{{- fail (printf "%s has %s, which the chart sets and depends on: remove it or give it another name" $.key $name) -}}
{{- end -}}
{{- $texts = replace $ours $line $texts -}}
{{- end -}}
{{- end -}}
{{- if gt (int $size) 261120 -}}
{{- fail (printf "%s has %d bytes, and Kubernetes takes 256 KiB for an object, the chart's own among them: keep it below 255 KiB" .key $size) -}}
{{- end -}}
{{ trimPrefix "\n" $texts }}
{{- end -}}

{{/*
An image's full name. A mirror (global.imageRegistry) takes the place of the registry, if the repository begins with one; a digest
decides over the tag, which then only says to people what it is. Takes root and image.
*/}}
{{- define "agentcube.image" -}}
{{- $repository := .image.repository -}}
{{- with .root.Values.global.imageRegistry -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) (regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $repository "") -}}
{{- end -}}
{{ $repository }}{{ with .image.tag }}:{{ include "agentcube.text" . }}{{ end }}{{ with .image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{- define "agentcube.redis.name" -}}
{{ .Release.Name }}-redis
{{- end -}}

{{- define "agentcube.redis.addr" -}}
{{- if .Values.redis.embedded.enabled -}}
{{ include "agentcube.redis.name" . }}.{{ .Release.Namespace }}.svc:6379
{{- else -}}
{{ .Values.redis.addr }}
{{- end -}}
{{- end -}}

{{/* Tells that a secret changed, while too short to find it by. Takes root and secret. */}}
{{- define "agentcube.secretChecksum" -}}
{{ printf "%s/%s/%s" .root.Release.Namespace .root.Release.Name .secret | sha256sum | trunc 6 | quote }}
{{- end -}}

{{- define "agentcube.redis.checksum" -}}
{{- with .Values.redis.password -}}
{{ include "agentcube.secretChecksum" (dict "root" $ "secret" (include "agentcube.text" .)) }}
{{- end -}}
{{- end -}}

{{/* The Secret with Redis' password; empty: there is no password. */}}
{{- define "agentcube.redis.secretName" -}}
{{- if .Values.redis.secretName -}}
{{ .Values.redis.secretName }}
{{- else if .Values.redis.password -}}
{{ include "agentcube.redis.name" . }}
{{- end -}}
{{- end -}}
