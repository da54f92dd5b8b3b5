{{/* Resources and security contexts that are not the default ones. Takes root and changed, a list of dicts with key and value. */}}
{{- $values := .root.Values -}}
{{- /* On which the chart's programs listen, without capabilities even if they are root; of fixed ones the lowest */ -}}
{{- $ports := dict
  "router" (list $values.router.service.targetPort)
  "workloadmanager" (list (include "agentcube.workloadmanager.port" .root))
  "spire.server" (include "agentcube.server.ports" .root | splitList " " | compact | concat (list 8080)) -}}
{{- if $values.redis.embedded.enabled -}}
{{- $_ := append $ports.router 6379 | set $ports "router" -}}
{{- end -}}
{{- if $values.spire.enabled -}}
{{- range list "router" "workloadmanager" -}}
{{- $_ := append (get $ports .) $values.spire.spiffeHelper.healthPort | set $ports . -}}
{{- end -}}
{{- end -}}
{{- range .changed -}}
{{- $key := .key -}}
{{- include "agentcube.check" (dict "root" $.root "check" "versions" "key" $key "value" .value) -}}
{{- with .value -}}
{{- include "agentcube.validate.unique" (dict "key" (printf "%s.sysctls" $key) "entries" .sysctls "field" "name") -}}
{{- range .sysctls -}}
{{- $start := .value -}}
{{- range eq "net.ipv4.ip_unprivileged_port_start" (replace "/" "." .name) | ternary (get $ports (trimSuffix ".podSecurityContext" $key)) list -}}
{{- if lt (int .) (int $start) -}}
{{- fail (printf "%s.sysctls has net.ipv4.ip_unprivileged_port_start %s, and a program of the pod listens on %d, which is below: lower it, or change the port" $key $start (int .)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $limits := .limits | default dict -}}
{{- $requests := .requests | default dict -}}
{{- range $name, $request := $requests -}}
{{- $wanted := include "agentcube.text" $request -}}
{{- $limit := include "agentcube.text" (get $limits $name) -}}
{{- if regexMatch "^hugepages-|/" $name -}}
{{- if ne (include "agentcube.bytes" $wanted) (include "agentcube.bytes" $limit) -}}
{{- fail (printf "%s.requests.%s is %s, and Kubernetes wants %s.limits.%s to be as much: set both to one number" $key $name $wanted $key $name) -}}
{{- end -}}
{{- else if and $limit (gt (float64 (include "agentcube.bytes" $wanted)) (float64 (include "agentcube.bytes" $limit))) -}}
{{- fail (printf "%s.requests.%s is %s, above %s.limits.%s, %s: lower the request or raise the limit" $key $name $wanted $key $name $limit) -}}
{{- end -}}
{{- end -}}
{{- range $name, $limit := $limits -}}
{{- $bytes := include "agentcube.text" $limit | include "agentcube.bytes" | float64 -}}
{{- $least := get (dict "memory" 4194304.0 "ephemeral-storage" 4096.0) $name -}}
{{- if and $least (gt $bytes 0.0) (lt $bytes $least) -}}
{{- fail (printf "%s.limits.%s is %v, which is %v bytes, and no container starts with so few: give it a unit as in 512Mi" $key $name $limit $bytes) -}}
{{- end -}}
{{- if hasPrefix "hugepages-" $name -}}
{{- $pages := divf $bytes (trimPrefix "hugepages-" $name | include "agentcube.bytes") -}}
{{- if or (ne $pages (floor $pages)) (not (coalesce $limits.cpu $limits.memory $requests.cpu $requests.memory)) -}}
{{- fail (printf "%s.limits.%s is %v, and Kubernetes accepts only a multiple of the page size, and only together with cpu or memory: change it" $key $name $limit) -}}
{{- end -}}
{{- end -}}
{{- if gt $bytes 9e18 -}}
{{- fail (printf "%s.limits.%s is %v, more than Kubernetes can count: lower it" $key $name $limit) -}}
{{- end -}}
{{- end -}}
{{- if and .runAsNonRoot (hasKey . "runAsUser") (not .runAsUser) -}}
{{- fail (printf "%s.runAsUser is 0, root, and %s.runAsNonRoot forbids it: change one of them" $key $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
