{{/*
Rules that the schema cannot express: they compare values with one another or with the cluster. They run before anything changes.
Each message names the key, why it is rejected, and how to fix it.
*/}}
{{- define "agentcube.validate" -}}
{{- include "agentcube.validate.once" . -}}
{{- include "agentcube.validate.upgrade" . -}}
{{- include "agentcube.validate.redis" . -}}
{{- include "agentcube.validate.workloads" . -}}
{{- include "agentcube.validate.changed" . -}}
{{- if .Values.spire.enabled -}}
{{- include "agentcube.validate.spire" . -}}
{{- include "agentcube.validate.podSecurity" . -}}
{{- if or .Values.spire.server.enabled .Values.spire.identities.create -}}
{{- include "agentcube.validate.crds" . -}}
{{- end -}}
{{- include "agentcube.validate.identities" . -}}
{{- end -}}
{{- include "agentcube.validate.pods" . -}}
{{- end -}}

{{/*
A check that few values need. Helm parses everything in templates/ for each render, and files/checks only here. Takes root, check (the
name of the file) and what the check takes.
*/}}
{{- define "agentcube.check" -}}
{{- tpl (.root.Files.Get (printf "files/checks/%s.tpl" .check)) . -}}
{{- end -}}

{{/* All charts of a render share one .Release, and so does this chart under an alias of an umbrella chart. */}}
{{- define "agentcube.validate.once" -}}
{{- $path := trimSuffix "/templates" .Template.BasePath -}}
{{- with get .Release "agentcube" -}}
{{- if ne . $path -}}
{{- fail (printf "the release has this chart twice, as %s and as %s, and both make the same objects: keep one of them, and install the other as a release of its own in another namespace" . $path) -}}
{{- end -}}
{{- end -}}
{{- $_ := set .Release "agentcube" $path -}}
{{- end -}}

{{- define "agentcube.validate.redis" -}}
{{- with .Values.redis -}}
{{- if and .embedded.enabled .addr -}}
{{- fail "redis.addr names a Redis and redis.embedded.enabled makes one: set one of them only" -}}
{{- end -}}
{{- if and .embedded.enabled (not (regexMatch "^[a-z][a-z0-9-]*$" $.Release.Name)) -}}
{{- fail (printf "redis.embedded.enabled makes the Service %s-redis, and the name of a Service begins with a letter and has no dots: give the release another name, or set redis.addr to a Redis that is there" $.Release.Name) -}}
{{- end -}}
{{- if and .password .secretName -}}
{{- fail "redis.password and redis.secretName both give the password: set one of them only" -}}
{{- end -}}
{{- range $section := list "router" "workloadmanager" -}}
{{- with index $.Values $section "extraEnv" -}}
{{- include "agentcube.check" (dict "root" $ "check" "store" "section" $section "extraEnv" .) -}}
{{- else -}}
{{- include "agentcube.validate.address" (include "agentcube.redis.addr" $) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "agentcube.validate.address" -}}
{{- if not . -}}
{{- fail "redis.addr is empty, and Router and WorkloadManager exit without a store for their sessions: set redis.addr to host:port, or try the chart with redis.embedded.enabled=true" -}}
{{- end -}}
{{- end -}}

{{/* Accounts that programs of the chart have, with rights or an identity of their own; beside the Router's. */}}
{{- define "agentcube.accounts" -}}
workloadmanager spire-server spire-agent agentcube-test volcano-agent-scheduler
{{- end -}}

{{- define "agentcube.validate.workloads" -}}
{{- if has .Values.router.serviceAccountName (include "agentcube.accounts" . | splitList " ") -}}
{{- fail (printf "router.serviceAccountName is %s, the account of another program, whose rights and identity the Router would get: name another one, or leave it empty" .Values.router.serviceAccountName) -}}
{{- end -}}
{{- if and .Values.router.rbac.create (eq .Values.router.serviceAccountName "default") -}}
{{- fail "router.rbac.create is true and router.serviceAccountName is default, an account that Kubernetes has made: set the first to false or name another account" -}}
{{- end -}}
{{- with .Values.workloadmanager.service -}}
{{- if eq (int .port) (int .mtlsPort) -}}
{{- fail "workloadmanager.service.port and workloadmanager.service.mtlsPort are equal, but one Service has both: give them different numbers" -}}
{{- end -}}
{{- end -}}
{{- range $name := list "router" "workloadmanager" -}}
{{- with index $.Values $name "autoscaling" -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- fail (printf "%s.autoscaling.minReplicas is above %s.autoscaling.maxReplicas: lower the one or raise the other" $name $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values.workloadmanager.rbac.extraRules -}}
{{- include "agentcube.check" (dict "root" $ "check" "rbac" "rules" .) -}}
{{- end -}}
{{- if and .Values.networkPolicies.enabled (include "agentcube.spire.server" .) (not .Values.networkPolicies.nodeCIDRs) -}}
{{- fail "networkPolicies.nodeCIDRs is empty, so the SPIRE server would refuse every agent: list the address ranges of the nodes" -}}
{{- end -}}
{{- end -}}

{{- define "agentcube.validate.spire" -}}
{{- with .Values.spire -}}
{{- with .spiffeHelper -}}
{{- if or (eq .certFileName .keyFileName) (eq .keyFileName .bundleFileName) (eq .bundleFileName .certFileName) -}}
{{- fail "spire.spiffeHelper.certFileName, keyFileName and bundleFileName must differ: each file would overwrite another" -}}
{{- end -}}
{{- end -}}
{{- $clients := list -}}
{{- range .identities.clients -}}
{{- if has .name $clients -}}
{{- fail (printf "spire.identities.clients has two clients of the name %s: give each its own" .name) -}}
{{- end -}}
{{- $clients = append $clients .name -}}
{{- if and (eq .namespace $.Release.Namespace) (has .serviceAccount (printf "%s %s" (include "agentcube.accounts" .) (include "agentcube.router.serviceAccount" $) | splitList " ")) -}}
{{- fail (printf "spire.identities.clients has the client %s with the account %s, which is that of a program of the chart: give it an account of its own" .name .serviceAccount) -}}
{{- end -}}
{{- end -}}
{{- if ne .server.enabled .agent.enabled -}}
{{- fail "spire.server.enabled and spire.agent.enabled differ: set both to true for a SPIRE of this release, or both to false for one that the cluster has already" -}}
{{- end -}}
{{- if and .agent.enabled .agent.metrics.enabled -}}
{{- include "agentcube.check" (dict "root" $ "check" "node-port" "key" "spire.agent.metrics.port" "port" .agent.metrics.port) -}}
{{- end -}}
{{- if and (eq .workloadAPI.type "csi") .agent.enabled -}}
{{- fail "spire.workloadAPI.type is csi, but this chart's agents do not serve the CSI driver: use hostPath, or set spire.server.enabled and spire.agent.enabled to false" -}}
{{- end -}}
{{- end -}}
{{- include "agentcube.validate.certDir" . -}}
{{- if include "agentcube.spire.server" . -}}
{{- include "agentcube.validate.server" . -}}
{{- range list "server" "agent" -}}
{{- if (index $.Values.spire .).extraConfig -}}
{{- include "agentcube.check" (dict "root" $ "check" "extra-config" "section" .) -}}
{{- end -}}
{{- end -}}
{{- include "agentcube.validate.trustDomain" . -}}
{{- include "agentcube.validate.volume" . -}}
{{- end -}}
{{- end -}}

{{- define "agentcube.validate.server" -}}
{{- with .Values.spire -}}
{{- $owners := dict $.Release.Namespace "this release" -}}
{{- range .identities.clients -}}
{{- $_ := set $owners .namespace (printf "the client %s" .name) -}}
{{- end -}}
{{- range $ignored := .controllerManager.ignoreNamespaces -}}
{{- range $namespace, $owner := $owners -}}
{{- if regexMatch $ignored $namespace -}}
{{- fail (printf "spire.controllerManager.ignoreNamespaces has %s, which matches the namespace of %s, %s, so that its pods would get no certificate: narrow it, as ^kube-system$, or use another namespace" $ignored $owner $namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if ge (int64 (include "agentcube.seconds" .server.ca.x509SvidDefaultTtl)) (int64 (include "agentcube.seconds" .server.ca.ttl)) -}}
{{- fail (printf "spire.server.ca.x509SvidDefaultTtl (%s) is not below spire.server.ca.ttl (%s), and no certificate outlives its CA: shorten the first or lengthen the second" .server.ca.x509SvidDefaultTtl .server.ca.ttl) -}}
{{- end -}}
{{- if ge (mul 2 (include "agentcube.seconds" .agent.syncInterval)) (int64 (include "agentcube.seconds" .server.ca.x509SvidDefaultTtl)) -}}
{{- fail (printf "spire.agent.syncInterval (%s) is not below half of spire.server.ca.x509SvidDefaultTtl (%s), and agents then renew certificates too late: shorten the first or lengthen the second" .agent.syncInterval .server.ca.x509SvidDefaultTtl) -}}
{{- end -}}
{{- with .server -}}
{{- if or .dataStore.secretName (ne .dataStore.type "sqlite3") (ne .dataStore.connectionString "/run/spire/data/datastore.sqlite3") -}}
{{- include "agentcube.check" (dict "root" $ "check" "datastore" "server" .) -}}
{{- end -}}
{{- if and (eq .dataStore.type "sqlite3") (gt (int .replicas) 1) -}}
{{- fail "spire.server.replicas is above 1, but sqlite3 is a file of one server: set spire.server.dataStore.type to postgres or mysql, or replicas to 1" -}}
{{- end -}}
{{- if and (not .persistence.enabled) (or (eq .dataStore.type "sqlite3") (eq .keyManager "disk")) -}}
{{- fail "spire.server.persistence.enabled is false, but the server keeps data on its volume: set spire.server.dataStore.type to postgres or mysql, and spire.server.keyManager to memory" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
