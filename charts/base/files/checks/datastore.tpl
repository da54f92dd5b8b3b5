{{/* SPIRE does not start if it cannot open its database. Takes server, its values. */}}
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
{{- if or (eq $file "/run/spire/data/keys.json") (and (hasPrefix "/run/spire/data/" $file) (not (has (dir $file) $volumes))) -}}
{{- fail (printf "spire.server.dataStore.connectionString is %q, and in /run/spire/data the server keeps its keys in keys.json and makes no directories: name another file there, as /run/spire/data/datastore.sqlite3" $connection) -}}
{{- end -}}
{{- else if .dataStore.secretName -}}
{{- if not (or (not $connection) (hasPrefix "/" $connection)) -}}
{{- fail "spire.server.dataStore.secretName and spire.server.dataStore.connectionString both say how to reach the database: set one of them only" -}}
{{- end -}}
{{- else if or (not $connection) (hasPrefix "/" $connection) -}}
{{- fail (printf "spire.server.dataStore.connectionString is empty or still sqlite3's path: say how to reach %s there, or in the Secret of spire.server.dataStore.secretName" .dataStore.type) -}}
{{- else if and (eq .dataStore.type "mysql") (not (regexMatch "[?&]parseTime=(1|true|TRUE|True)(&|$)" $connection)) -}}
{{- fail "spire.server.dataStore.type is mysql, and spire.server.dataStore.connectionString lacks parseTime=true, without which SPIRE does not start: end it with ?parseTime=true" -}}
{{- else if and (eq .dataStore.type "mysql") (or (regexMatch "^[a-z]+://" $connection) (not (regexMatch "^(.*@)?(tcp[46]?|unix)?[(].+[)]/[^/?]+[?][^/]*$" $connection))) -}}
{{- fail "spire.server.dataStore.connectionString says nothing to mysql: write it as user:password@tcp(host:3306)/database?parseTime=true" -}}
{{- else if and (eq .dataStore.type "mysql") (not (regexMatch "(?i)^(true|false|1|0|skip-verify|preferred)?$" (regexFind "[?&]tls=[^&]*" $connection | trimAll "?&" | trimPrefix "tls="))) -}}
{{- fail "spire.server.dataStore.connectionString has a value of tls that mysql does not know here: set it to true, false, skip-verify or preferred" -}}
{{- else if and (eq .dataStore.type "postgres") (not (regexMatch `^postgres(ql)?://([A-Za-z0-9._:~!$&'()*+,;=%@-]*@)?([^][:/?#@\s]*|\[[^]]*\])(:[0-9]+)?([/?].*)?$|^ *[a-z_]+ *=` $connection)) -}}
{{- fail "spire.server.dataStore.connectionString says nothing to postgres: write it as host=… user=… password=… dbname=…, or as postgres://…" -}}
{{- else if eq .dataStore.type "postgres" -}}
{{- range $wrong, $remedy := dict
  `(^| )host *= *'?[^' ]*[,;]` "one host, and a space before the next setting"
  `(^| )(hostname|server|username|pass|pwd) *=` "the settings host, user and password"
  `(^| )port *= *'?[^0-9' ]` "a number as the port" -}}
{{- if regexMatch $wrong $connection -}}
{{- fail (printf "spire.server.dataStore.connectionString has a setting that SPIRE's driver of postgres cannot use: write %s" $remedy) -}}
{{- end -}}
{{- end -}}
{{- $mode := regexFind `(^|[?& ])sslmode *= *'?[^&' ]+` $connection | regexFind "[^=' ]+$" -}}
{{- if not (has $mode (list "" "disable" "require" "verify-ca" "verify-full")) -}}
{{- fail "spire.server.dataStore.connectionString has a setting that SPIRE's driver of postgres cannot use: write disable, require, verify-ca or verify-full as the sslmode" -}}
{{- end -}}
{{- end -}}
{{- end -}}
