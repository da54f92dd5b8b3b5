{{/* A setting that the configuration file has twice is wrong or has no effect. Takes root and section. */}}
{{- with (index .root.Values.spire .section).extraConfig -}}
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
{{- end -}}
