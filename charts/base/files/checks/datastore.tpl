{{/* SPIRE does not start if it cannot open its database. Takes root and server, its values. */}}
{{- with .server -}}
{{- $connection := .dataStore.connectionString -}}
{{- if and .dataStore.secretName (eq .dataStore.type "sqlite3") -}}
{{- fail "spire.server.dataStore.secretName is set, and spire.server.dataStore.type is sqlite3, which has a file only: set the type to postgres or mysql, or remove the Secret" -}}
{{- else if eq .dataStore.type "sqlite3" -}}
{{- $volumes := list "/run/spire/data" -}}
{{- range .extraVolumeMounts -}}
{{- $volumes = append $volumes (clean .mountPath) -}}
{{- end -}}
{{- $file := regexReplaceAll "^file:(//)?|[?].*$" $connection "" | clean -}}
{{- $kept := "" -}}
{{- range $volumes -}}
{{- $kept = or $kept (hasPrefix (printf "%s/" .) $file) -}}
{{- end -}}
{{- if not $kept -}}
{{- fail (printf "spire.server.dataStore.connectionString is %q, and the server can write its file only to a volume: begin it with /run/spire/data/" $connection) -}}
{{- end -}}
{{- if regexMatch "[?&](mode=(ro|memory)|immutable=1)(&|$)" $connection -}}
{{- fail (printf "spire.server.dataStore.connectionString is %q, and with this mode the server can write to no file: remove it" $connection) -}}
{{- end -}}
{{- if regexMatch "[#%]|/[^/?]{256,}" $connection -}}
{{- fail (printf "spire.server.dataStore.connectionString is %q, which SPIRE reads as a URL: name a file with at most 255 characters, and without # and %%" $connection) -}}
{{- end -}}
{{- range regexFind "[?].*$" $connection | trimPrefix "?" | splitList "&" -}}
{{- if and (regexMatch "^(mode|cache|vfs|_timeout|_busy_timeout|_txlock|_loc)=" .) (not (regexMatch "^(mode=rwc|cache=(shared|private)|_(busy_)?timeout=[0-9]+|_txlock=(immediate|deferred|exclusive)|_loc=auto)$" .)) -}}
{{- fail (printf "spire.server.dataStore.connectionString is %q, and with %s the server cannot open its file: remove that" $connection .) -}}
{{- end -}}
{{- end -}}
{{- if or (eq $file "/run/spire/data/keys.json") (and (hasPrefix "/run/spire/data/" $file) (not (has (dir $file) $volumes))) -}}
{{- fail (printf "spire.server.dataStore.connectionString is %q, and in /run/spire/data the server keeps its keys in keys.json and makes no directories: name another file there, as /run/spire/data/datastore.sqlite3" $connection) -}}
{{- end -}}
{{- else if .dataStore.secretName -}}
{{- if not (or (not $connection) (hasPrefix "/" $connection)) -}}
{{- fail "spire.server.dataStore.secretName and spire.server.dataStore.connectionString both say how to reach the database: set one of them only" -}}
{{- end -}}
{{- else if or (not $connection) (hasPrefix "/" $connection) -}}
{{- fail (printf "spire.server.dataStore.connectionString is empty or still sqlite3's path: say how to reach %s there, or in the Secret of spire.server.dataStore.secretName" .dataStore.type) -}}
{{- else -}}
{{- include "agentcube.check" (dict "root" $.root "check" .dataStore.type "server" . "connection" $connection) -}}
{{- end -}}
{{- end -}}
