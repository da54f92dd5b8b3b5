{{/* Agents have the network of their node, and are root without capabilities. Takes key and port, on which an agent listens. */}}
{{- if has (int .port) (list 2379 2380 2381 6443 10248 10249 10250 10256 10257 10259) -}}
{{- fail (printf "%s is %d, on which another program listens on the nodes: choose another port" .key (int .port)) -}}
{{- else if lt (int .port) 1024 -}}
{{- fail (printf "%s is %d, and agents may open no port below 1024 on the nodes: choose another port" .key (int .port)) -}}
{{- end -}}
