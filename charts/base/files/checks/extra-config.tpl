{{/*
A setting that the configuration file has twice is wrong or has no effect, and some depend on other values. Takes root and section.
*/}}
{{- $spire := .root.Values.spire -}}
{{- $values := index $spire .section -}}
{{- with $values.extraConfig -}}
{{- $block := include "agentcube.file" (dict "root" $.root "file" (printf "%s.conf" $.section)) | regexFind "(?s)^.*?\n}" -}}
{{- $theirs := include "agentcube.hcl" . | nindent 2 -}}
{{- range $key, $value := . -}}
{{- range $setting := eq $key "experimental" | ternary (keys (kindIs "map" $value | ternary $value dict)) (list $key) -}}
{{- $line := printf "(?mi)^%s%s (=|[{])" (eq $key "experimental" | ternary "    " "  ") (regexQuoteMeta $setting) -}}
{{- $excluded := and (eq $.section "agent") (has $setting (list "insecure_bootstrap" "trust_bundle_path" "trust_bundle_unix_socket" "trust_bundle_url" ($.root.Values.spire.agent.insecureBootstrap | ternary "" "retry_bootstrap"))) -}}
{{- if or $excluded (gt (len (regexFindAll $line $block -1)) (len (regexFindAll $line $theirs -1))) -}}
{{- fail (printf "spire.%s.extraConfig has %s, and the chart writes this setting from its other values: remove it, and set the value of spire.%s that is for it, if there is one" $.section $setting $.section) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $writable := eq $.section "server" | ternary (list "/run/spire/data" "/tmp") (list "/run/spire/data") -}}
{{- range $values.extraVolumeMounts -}}
{{- $writable = append $writable (clean .mountPath | regexQuoteMeta) -}}
{{- end -}}
{{- if and .log_file (not (regexMatch (join "|" $writable | printf "^/dev/std(err|out)$|^(%s)/.") (toString .log_file | clean))) -}}
{{- fail (printf "spire.%s.extraConfig has log_file %v, and the file system of the image is read-only: name a file in /run/spire/data, or remove it" $.section .log_file) -}}
{{- end -}}
{{- range .authorized_delegates -}}
{{- if not (hasPrefix (printf "spiffe://%s/" $spire.trustDomain) (printf "%s/" .)) -}}
{{- fail (printf "spire.agent.extraConfig has %s in authorized_delegates, which is not of spire.trustDomain, %s: name one of this trust domain" . $spire.trustDomain) -}}
{{- end -}}
{{- end -}}
{{- $federation := kindIs "map" .federation | ternary .federation dict -}}
{{- if kindIs "map" $federation.federates_with | ternary $federation.federates_with dict | keys | has $spire.trustDomain -}}
{{- fail (printf "spire.server.extraConfig has %s in federates_with, which is spire.trustDomain, its own: remove it" $spire.trustDomain) -}}
{{- end -}}
{{- if eq $.section "server" -}}
{{- $taken := list "8080" "8081" "8083" -}}
{{- if $values.metrics.enabled -}}
{{- $taken = append $taken (toString $values.metrics.port) -}}
{{- end -}}
{{- range $setting, $port := dict "profiling_port" .profiling_port "federation.bundle_endpoint.port" (kindIs "map" $federation.bundle_endpoint | ternary $federation.bundle_endpoint dict).port -}}
{{- if has (toString $port) $taken -}}
{{- fail (printf "spire.server.extraConfig has %s %v, on which the server or another program of its pod listens: choose another port" $setting $port) -}}
{{- end -}}
{{- end -}}
{{- with (kindIs "map" .experimental | ternary .experimental dict).full_cache_reload_interval -}}
{{- if le (int64 (include "agentcube.seconds" .)) (int64 (include "agentcube.seconds" $values.cacheReloadInterval)) -}}
{{- fail (printf "spire.server.extraConfig has full_cache_reload_interval %s, which is not above spire.server.cacheReloadInterval, %s: lengthen the first or shorten the second" . $values.cacheReloadInterval) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
