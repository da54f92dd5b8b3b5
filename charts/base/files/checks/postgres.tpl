{{/*
What SPIRE's driver of postgres reads of a connection string. Settings that it does not know are variables of the database. Takes
root, server and connection.
*/}}
{{- $key := "spire.server.dataStore.connectionString" -}}
{{- $pair := `[a-z_.]+\s*=\s*('(\\.|[^'\\])*'|(\\.|[^'\s\\])(\\.|[^\s\\])*)?` -}}
{{- $settings := dict -}}
{{- if regexMatch `^postgres(ql)?://([A-Za-z0-9._:~!$&'()*+,;=%@-]*@)?([^][:/?#@\s]*|\[[^]]*\])(:[0-9]+)?([/?].*)?$` .connection -}}
{{- $authority := regexFind "^[a-z]+://[^/?]*" .connection | splitList "://" | last -}}
{{- $host := regexFind "[^@]*$" $authority -}}
{{- if regexMatch "%([^0-9A-Fa-f]|[0-9A-Fa-f][^0-9A-Fa-f]|.?$)" .connection | or (contains "%" $host) -}}
{{- fail (printf "%s is a URL, in which a percent sign begins two hexadecimal digits, and which has none in its host: write %%25 for one in a password" $key) -}}
{{- else if and (hasPrefix "[" $host) (not (regexMatch `^\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]*\]` $host)) -}}
{{- fail (printf "%s has brackets around what is no IPv6 address: remove them" $key) -}}
{{- end -}}
{{- $settings = dict "host" (regexReplaceAll ":[0-9]*$" $host "") "port" (regexFind ":[0-9]+$" $host | trimPrefix ":") "user" (trimSuffix $host $authority | regexFind "^[^:@]*") -}}
{{- range regexFind "[?].*$" .connection | trimPrefix "?" | splitList "&" -}}
{{- $_ := regexReplaceAll "^[^=]*=?" . "" | replace "%2F" "/" | replace "%2f" "/" | set $settings (regexFind "^[^=]*" .) -}}
{{- end -}}
{{- else if regexMatch (printf `^\s*%s(\s*%s)*\s*$` $pair $pair) .connection -}}
{{- range regexFindAll $pair .connection -1 -}}
{{- $_ := regexReplaceAll `^[a-z_.]+\s*=\s*` . "" | trimAll "'" | set $settings (regexFind "^[a-z_.]+" .) -}}
{{- end -}}
{{- else -}}
{{- fail (printf "%s says nothing to postgres: write it as host=… user=… password=… dbname=…, or as postgres://…" $key) -}}
{{- end -}}
{{- range $setting, $value := $settings -}}
{{- if regexMatch "^(channel_binding|gssencmode|hostaddr|keepalives.*|load_balance_hosts|passfile|pgbouncer|pool_.*|requirepeer|schema|service|ssl|ssl_m.*|sslcompression|sslcrl.*|sslnegotiation|sslpassword|target_session_attrs|tcp_user_timeout)$" $setting -}}
{{- fail (printf "%s has the setting %s, which neither SPIRE's driver of postgres nor the database knows: remove it" $key $setting) -}}
{{- end -}}
{{- range $wrong, $remedy := dict
  "^host=.*[,;]" "one host, and a space before the next setting"
  "^(hostname|server|username|pass|pwd)=" "the settings host, user and password"
  "^port=.*[^0-9]|^port=([0-9]{6,}|[7-9][0-9]{4}|6[6-9][0-9]{3}|65[6-9][0-9]{2}|655[4-9][0-9]|6553[6-9]|0+$)" "a number up to 65535 as the port"
  "^connect_timeout=.*[^0-9]" "seconds as a number for connect_timeout" -}}
{{- if regexMatch $wrong (printf "%s=%s" $setting $value) -}}
{{- fail (printf "%s has a setting that SPIRE's driver of postgres cannot use: write %s" $key $remedy) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if not (has ($settings.sslmode | default "disable") (list "disable" "require" "verify-ca" "verify-full")) -}}
{{- fail (printf "%s has a setting that SPIRE's driver of postgres cannot use: write disable, require, verify-ca or verify-full as the sslmode" $key) -}}
{{- else if not (regexMatch "^(?i:utf-?8|unicode)$" ($settings.client_encoding | default "UTF8")) -}}
{{- fail (printf "%s has a client_encoding, and SPIRE's driver of postgres has only UTF8: remove it" $key) -}}
{{- else if ne ($settings.datestyle | default "ISO, MDY") "ISO, MDY" -}}
{{- fail (printf "%s has a datestyle, and SPIRE's driver of postgres has only ISO, MDY: remove it" $key) -}}
{{- else if not $settings.host -}}
{{- fail (printf "%s names no host, and no database is in the pod of the server: add host=…, or name it behind the @ of the URL" $key) -}}
{{- else if not $settings.user -}}
{{- fail (printf "%s names no user, and SPIRE's image has no default user: add user=…, or name it before the @ of the URL" $key) -}}
{{- else if and (hasPrefix "[" $settings.host) (not $settings.port) -}}
{{- fail (printf "%s has an address in brackets and no port, and SPIRE's driver of postgres reads it only with one: add :5432" $key) -}}
{{- else if and $settings.sslcert (not $settings.sslkey) -}}
{{- fail (printf "%s has an sslcert and no sslkey: add that" $key) -}}
{{- end -}}
{{- $files := ne "true" $settings.sslinline | ternary (pick $settings "sslcert" "sslkey" "sslrootcert") dict -}}
{{- range append (values $files) (hasPrefix "/" $settings.host | ternary $settings.host "") | compact -}}
{{- include "agentcube.check" (dict "root" $.root "check" "mounted" "server" $.server "key" $key "path" .) -}}
{{- end -}}
