{{/* A program exits if its environment names no store that it knows, or lacks the password. Takes root, section and extraEnv. */}}
{{- $secret := include "agentcube.redis.secretName" .root -}}
{{- $values := dict "STORE_TYPE" "redis" "REDIS_ADDR" (include "agentcube.redis.addr" .root) "REDIS_PASSWORD" $secret "REDIS_PASSWORD_REQUIRED" ($secret | default "false") -}}
{{- $theirs := list -}}
{{- range .extraEnv -}}
{{- $text := kindIs "invalid" .value | ternary "" (include "agentcube.text" .value) -}}
{{- $_ := set $values .name (hasKey . "valueFrom" | ternary "$()" $text) -}}
{{- $theirs = append $theirs .name -}}
{{- end -}}
{{- $type := upper $values.STORE_TYPE -}}
{{- if has $type (list "REDIS" "VALKEY") -}}
{{- $address := printf "%s_ADDR" $type -}}
{{- $password := printf "%s_PASSWORD" $type -}}
{{- if eq $address "VALKEY_ADDR" | or (has $address $theirs) | and (not (get $values $address)) -}}
{{- fail (printf "%s.extraEnv gives no address in %s, and the program exits without a store for its sessions: set it to host:port" .section $address) -}}
{{- end -}}
{{- include "agentcube.validate.address" (get $values $address) -}}
{{- if not (or (get $values $password) (eq "false" (printf "%s_REQUIRED" $password | get $values | lower))) -}}
{{- fail (printf "%s.extraEnv gives no password in %s, without which the program exits: set it, or set %s_REQUIRED to false" .section $password $password) -}}
{{- end -}}
{{- else if not (contains "$(" $type) -}}
{{- fail (printf "%s.extraEnv has the STORE_TYPE %q, and the program knows redis and valkey only: change it to one of them" .section $values.STORE_TYPE) -}}
{{- end -}}
