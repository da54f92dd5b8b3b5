{{/* A file that the SPIRE server reads is one of its image or in a volume. Takes server, key, and path. */}}
{{- $path := printf "%s/" (clean .path) -}}
{{- $found := regexMatch "^/(etc/ssl/certs|(var/)?run/secrets/kubernetes[.]io/serviceaccount|run/spire/(data|upstream-authority))/" $path -}}
{{- range .server.extraVolumeMounts -}}
{{- $found = or $found (hasPrefix (printf "%s/" (clean .mountPath)) $path) -}}
{{- end -}}
{{- if not $found -}}
{{- fail (printf "%s names %s, which is in no volume of the server: add one with it to spire.server.extraVolumes and spire.server.extraVolumeMounts" .key .path) -}}
{{- end -}}
