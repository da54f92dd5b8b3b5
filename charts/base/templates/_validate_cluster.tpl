{{/*
What the cluster has to say. helm template, as Argo CD runs it, knows no cluster: there a look-up finds nothing, and nothing fails.
*/}}
{{- define "agentcube.validate.trustDomain" -}}
{{- with lookup "v1" "ConfigMap" .Release.Namespace "spire-server" -}}
{{- $present := index .data "server.conf" | default "" | regexFind `trust_domain\s*=\s*"[^"]*"` | splitList "\"" -}}
{{- if and (gt (len $present) 1) (ne (index $present 1) $.Values.spire.trustDomain) -}}
{{- fail (printf "spire.trustDomain is %s in the cluster and cannot become %s while SPIRE is on, since members of the two refuse each other: set spire.enabled to false in one upgrade, and in a second one to true together with the new trust domain" (index $present 1) $.Values.spire.trustDomain) -}}
{{- end -}}
{{- end -}}
{{- end -}}
