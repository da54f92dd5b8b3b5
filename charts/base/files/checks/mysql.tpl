{{/*
What SPIRE's driver of mysql reads of a connection string. Settings that it does not know are variables of the database. Takes
connection.
*/}}
{{- $key := "spire.server.dataStore.connectionString" -}}
{{- if not (regexFindAll "[?&]parseTime=[^&]*" .connection -1 | last | toString | regexMatch "=(1|true|TRUE|True)$") -}}
{{- fail (printf "spire.server.dataStore.type is mysql, and %s lacks parseTime=true, without which SPIRE does not start: end it with ?parseTime=true" $key) -}}
{{- else if or (regexMatch "^[a-z]+://" .connection) (not (regexMatch `^(.*@)?((tcp[46]?)?[(]([^:()]+|\[.+\])(:[0-9]+)?[)]|unix[(]/.+[)])/[^/?]+[?][^/]*$` .connection)) -}}
{{- fail (printf "%s says nothing to mysql: write it as user:password@tcp(host:3306)/database?parseTime=true" $key) -}}
{{- end -}}
{{- if regexMatch "/[^/]*%([^0-9A-Fa-f]|[0-9A-Fa-f][^0-9A-Fa-f]|.?$)[^/]*$" .connection -}}
{{- fail (printf "%s has a percent sign behind the last slash, where it begins two hexadecimal digits: write %%25" $key) -}}
{{- end -}}
{{- range $setting := regexFind "[?][^?]*$" .connection | trimPrefix "?" | splitList "&" -}}
{{- $name := regexFind "^[^=]*" $setting -}}
{{- range $right, $of := dict
  "[0-9]+" (list "maxAllowedPacket" "a number of bytes")
  "UTC|Local" (list "loc" "UTC or Local, since SPIRE's image knows no other time zones")
  "(?i:true|false|1|0|skip-verify|preferred|)" (list "tls" "true, false, skip-verify or preferred")
  "([0-9]+([.][0-9]+)?(ns|us|ms|s|m|h))+" (list "timeout|readTimeout|writeTimeout|timeTruncate" "a duration, as 5s")
  "1|true|TRUE|True|0|false|FALSE|False" (list "allow(AllFiles|(Cleartext|Native|Old)Passwords|FallbackToPlaintext)|checkConnLiveness|clientFoundRows|columnsWithAlias|compress|interpolateParams|multiStatements|rejectReadOnly" "true or false") -}}
{{- if and (regexMatch (first $of | printf "^(%s)$") $name) (not (regexMatch (printf "^(%s)$" $right) (trimPrefix (printf "%s=" $name) $setting))) -}}
{{- fail (printf "%s has a value of %s that mysql does not know here: set it to %s" $key $name (last $of)) -}}
{{- end -}}
{{- end -}}
{{- if regexMatch "^(ssl.*|strict|auto.*|use[A-Z].*|character.*[A-Z].*|server(Timezone|SslCert)|allowPublicKeyRetrieval|zeroDateTimeBehavior|.*-.*)$" $name -}}
{{- fail (printf "%s has the setting %s, which is of another driver of mysql: remove it, and for TLS set tls=true" $key $name) -}}
{{- end -}}
{{- end -}}
