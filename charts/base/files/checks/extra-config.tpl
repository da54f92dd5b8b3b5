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
{{- if and (eq $.section "agent") $spire.agent.insecureBootstrap (has (toString .rebootstrap_mode) (list "auto" "always")) -}}
{{- fail (printf "spire.agent.extraConfig has rebootstrap_mode %s, and agents refuse that beside spire.agent.insecureBootstrap: remove one of them" .rebootstrap_mode) -}}
{{- end -}}
{{- /* The programs make no directories */ -}}
{{- $writable := eq $.section "server" | ternary (list "/run/spire/data/[^/]+" "/tmp/[^/]+") (list "/run/spire/data/[^/]+") -}}
{{- range $values.extraVolumeMounts -}}
{{- $writable = append $writable (clean .mountPath | regexQuoteMeta | printf "%s/.+") -}}
{{- end -}}
{{- if and .log_file (not (regexMatch (join "|" $writable | printf "^(/dev/std(err|out)|%s)$") (toString .log_file | clean))) -}}
{{- fail (printf "spire.%s.extraConfig has log_file %v, and the program can make no file there: name one in /run/spire/data itself, or remove it" $.section .log_file) -}}
{{- end -}}
{{- range .authorized_delegates -}}
{{- if not (hasPrefix (printf "spiffe://%s/" $spire.trustDomain) (printf "%s/" .)) -}}
{{- fail (printf "spire.agent.extraConfig has %s in authorized_delegates, which is not of spire.trustDomain, %s: name one of this trust domain" . $spire.trustDomain) -}}
{{- end -}}
{{- end -}}
{{- if eq $.section "server" -}}
{{- if hasKey ((.federation).federates_with | default dict) $spire.trustDomain -}}
{{- fail (printf "spire.server.extraConfig has %s in federates_with, which is spire.trustDomain, its own: remove it" $spire.trustDomain) -}}
{{- end -}}
{{- with .agent_ttl -}}
{{- $seconds := int64 (include "agentcube.seconds" .) -}}
{{- if and $seconds (lt $seconds 60) -}}
{{- fail (printf "spire.server.extraConfig has agent_ttl %s, in which agents cannot renew their own certificates: make it a minute or more" .) -}}
{{- end -}}
{{- end -}}
{{- $endpoint := (.federation).bundle_endpoint | default dict -}}
{{- $taken := list "8080" "8081" "8083" -}}
{{- if $values.metrics.enabled -}}
{{- $taken = append $taken (toString $values.metrics.port) -}}
{{- end -}}
{{- range $setting, $port := dict "federation.bundle_endpoint.port" $endpoint.port "profiling_port" .profiling_port -}}
{{- if has (toString $port) $taken -}}
{{- fail (printf "spire.server.extraConfig has %s %v, on which the server or another program of its pod listens: choose another port" $setting $port) -}}
{{- end -}}
{{- $taken = append $taken (toString ($port | default "none")) -}}
{{- end -}}
{{- $files := dict -}}
{{- range list $endpoint.profile (.experimental).auth_opa_policy_engine -}}
{{- range $kind, $block := . -}}
{{- range list $block ($block).serving_cert_file -}}
{{- $files = merge $files (pick (. | default dict) "cert_file_path" "key_file_path" "rego_path" "policy_data_path") -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $setting, $path := $files -}}
{{- include "agentcube.check" (dict "root" $.root "check" "mounted" "server" $values "key" (printf "spire.server.extraConfig, in %s," $setting) "path" $path) -}}
{{- end -}}
{{- with (.experimental).full_cache_reload_interval -}}
{{- if le (int64 (include "agentcube.seconds" .)) (int64 (include "agentcube.seconds" $values.cacheReloadInterval)) -}}
{{- fail (printf "spire.server.extraConfig has full_cache_reload_interval %s, which is not above spire.server.cacheReloadInterval, %s: lengthen the first or shorten the second" . $values.cacheReloadInterval) -}}
{{- end -}}
{{- end -}}
{{- else if .profiling_port -}}
{{- include "agentcube.check" (dict "root" $.root "check" "node-port" "key" "spire.agent.extraConfig.profiling_port" "port" .profiling_port) -}}
{{- if and $values.metrics.enabled (eq (int .profiling_port) (int $values.metrics.port)) -}}
{{- fail (printf "spire.agent.extraConfig.profiling_port is %d, and so is spire.agent.metrics.port: choose another port" (int .profiling_port)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
