{{/*
What meets in one pod: the names of its containers and volumes, paths, ports and flags, the chart's and the user's. The user's are
compared with the pod as it is rendered, so that no name of the chart stands here a second time. Reading a pod takes time, and a
pod to which the values add nothing has no such conflict, but for ports.
*/}}
{{- define "agentcube.validate.pods" -}}
{{- $spire := .Values.spire -}}
{{- range $section, $port := dict "router" .Values.router.service.targetPort "workloadmanager" (include "agentcube.workloadmanager.port" .) -}}
{{- with index $.Values $section -}}
{{- if or .extraArgs .extraContainers .extraVolumes .extraVolumeMounts (and $spire.enabled (eq (int $port) (int $spire.spiffeHelper.healthPort))) -}}
{{- include "agentcube.validate.pod" (dict "root" $ "section" $section "values" . "file" (printf "%s/deployment.yaml" $section)
  "ports" (printf "%s.service, spire.spiffeHelper.healthPort or %s.extraContainers" $section $section)) -}}
{{- end -}}
{{- include "agentcube.validate.extras" (dict "section" $section "values" .) -}}
{{- if .autoscaling.enabled -}}
{{- $containers := dict (printf "%s.resources" $section) .resources -}}
{{- if $spire.enabled -}}
{{- $_ := set $containers "spire.spiffeHelper.resources" $spire.spiffeHelper.resources -}}
{{- end -}}
{{- range .extraContainers -}}
{{- $_ := set $containers (printf "%s.extraContainers, in %s, resources" $section .name) .resources -}}
{{- end -}}
{{- range $key, $resources := $containers -}}
{{- $cpu := $resources | default dict | dig "requests" "cpu" (dig "limits" "cpu" "0" ($resources | default dict)) -}}
{{- if eq 0.0 (include "agentcube.text" $cpu | include "agentcube.bytes" | float64) -}}
{{- fail (printf "%s.autoscaling.enabled scales by a share of the requested CPU, and a container requests none: set requests.cpu in %s" $section $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if include "agentcube.spire.server" . -}}
{{- with $spire.server -}}
{{- include "agentcube.validate.extras" (dict "section" "spire.server" "values" .) -}}
{{- if or .extraVolumes .extraVolumeMounts .metrics.enabled -}}
{{- include "agentcube.validate.pod" (dict "root" $ "section" "spire.server" "values" . "file" "spire/server/statefulset.yaml" "ports" "spire.server.metrics.port") -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the user adds to the pods of a component. Takes section and values. */}}
{{- define "agentcube.validate.extras" -}}
{{- $spread := list -}}
{{- range .values.topologySpreadConstraints -}}
{{- $kind := list .topologyKey .whenUnsatisfiable -}}
{{- if has $kind $spread -}}
{{- fail (printf "%s.topologySpreadConstraints has %s with %s twice: remove one of them" $.section .topologyKey .whenUnsatisfiable) -}}
{{- end -}}
{{- $spread = append $spread $kind -}}
{{- end -}}
{{- include "agentcube.validate.unique" (dict "key" (printf "%s.extraEnv" .section) "entries" .values.extraEnv "field" "name") -}}
{{- range .values.extraContainers -}}
{{- include "agentcube.validate.unique" (dict "key" (printf "%s.extraContainers, in %s, env" $.section .name) "entries" .env "field" "name") -}}
{{- include "agentcube.validate.unique" (dict "key" (printf "%s.extraContainers, in %s, resizePolicy" $.section .name) "entries" .resizePolicy "field" "resourceName") -}}
{{- if eq .name "spiffe-helper" -}}
{{- fail (printf "%s.extraContainers has a container spiffe-helper, which tells the chart that mutual TLS is on: give it another name" $.section) -}}
{{- end -}}
{{- range .ports -}}
{{- if has .name (list "http" "https") -}}
{{- fail (printf "%s.extraContainers has a port %s, and the Service finds the program by the ports of that name: give it another name" $.section .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Kubernetes refuses a list with two entries of one name, or, of variables, keeps but one of them in an upgrade. Takes key, entries and
field, which holds the name.
*/}}
{{- define "agentcube.validate.unique" -}}
{{- $names := list -}}
{{- range .entries -}}
{{- $name := get . $.field -}}
{{- if has $name $names -}}
{{- fail (printf "%s has %s twice: remove one of them" $.key $name) -}}
{{- end -}}
{{- $names = append $names $name -}}
{{- end -}}
{{- end -}}

{{/* Of two files with one path in a volume only one would be there. Takes section and volume. */}}
{{- define "agentcube.validate.files" -}}
{{- $paths := list -}}
{{- range append ((.volume.projected).sources | default list) .volume -}}
{{- $files := list (.serviceAccountToken).path (.clusterTrustBundle).path -}}
{{- with .podCertificate -}}
{{- $files = list .credentialBundlePath .keyPath .certificateChainPath -}}
{{- end -}}
{{- range list .configMap .secret .downwardAPI -}}
{{- range (.).items -}}
{{- $files = append $files .path -}}
{{- end -}}
{{- end -}}
{{- range compact $files -}}
{{- $path := clean . -}}
{{- range $paths -}}
{{- if or (eq . $path) (hasPrefix (printf "%s/" .) $path) (hasPrefix (printf "%s/" $path) .) -}}
{{- fail (printf "%s.extraVolumes has a volume %s with a file %s and another one %s, and only one can be there: change the path of one of them" $.section $.volume.name . $path) -}}
{{- end -}}
{{- end -}}
{{- $paths = append $paths $path -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Takes root, section and values of the pod's component, file of its template, and ports, which are the keys that give them. */}}
{{- define "agentcube.validate.pod" -}}
{{- $workload := (include (printf "%s/%s" .root.Template.BasePath .file) .root | fromYaml).spec -}}
{{- $pod := $workload.template.spec -}}
{{- /* Programs and files of the images, of the runtime and of the kubelet. A single file (subPath) may be added there. */ -}}
{{- $system := "^/((boot|dev|etc|opt/spire(/bin)?|sys|usr|(usr/)?(bin|lib|lib64|sbin))?|proc(/.*)?|etc/(group|hostname|hosts|passwd|resolv[.]conf)|(var/)?run/secrets(/.*)?)$" -}}
{{- $volumes := list -}}
{{- range $workload.volumeClaimTemplates -}}
{{- $volumes = append $volumes .metadata.name -}}
{{- end -}}
{{- range $pod.volumes -}}
{{- if has .name $volumes -}}
{{- fail (printf "%s.extraVolumes has a volume %s, and the pod has another one of that name: give it another name" $.section .name) -}}
{{- end -}}
{{- $volumes = append $volumes .name -}}
{{- include "agentcube.validate.files" (dict "section" $.section "volume" .) -}}
{{- end -}}
{{- $mounts := printf "%s.extraVolumeMounts%s" .section (hasKey .values "extraContainers" | ternary " or extraContainers" "") -}}
{{- $names := list -}}
{{- $ports := list -}}
{{- range concat ($pod.initContainers | default list) $pod.containers -}}
{{- $container := .name -}}
{{- $privileged := (.securityContext).privileged -}}
{{- $own := eq .name (first $pod.containers).name | ternary (sub (len (.volumeMounts | default list)) (len $.values.extraVolumeMounts)) 0 -}}
{{- if has .name $names -}}
{{- fail (printf "%s.extraContainers has a container %s, and the pod has another one of that name: give it another name" $.section .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- $paths := dict -}}
{{- $chart := list -}}
{{- range $i, $mount := .volumeMounts -}}
{{- if not (has .name $volumes) -}}
{{- fail (printf "%s mount the volume %s in the container %s, and the pod has no such volume: add it to %s.extraVolumes" $mounts .name $container $.section) -}}
{{- end -}}
{{- if and (eq "Bidirectional" (.mountPropagation | default "")) (not $privileged) -}}
{{- fail (printf "%s mount the volume %s in the container %s with mountPropagation Bidirectional, which only a privileged container may have: remove it" $mounts .name $container) -}}
{{- end -}}
{{- $path := clean (printf "/%s" .mountPath) -}}
{{- range $other, $readOnly := $paths -}}
{{- $above := hasPrefix (printf "%s/" $path) $other -}}
{{- if or (eq $path $other) (and $readOnly (hasPrefix (printf "%s/" $other) $path)) (and $above (or $mount.readOnly (has $other $chart))) -}}
{{- fail (printf "%s mount a volume at %s in the container %s, and another one is at %s: give it another mountPath" $mounts $path $container $other) -}}
{{- end -}}
{{- end -}}
{{- if and (regexMatch $system $path) (not .subPath) -}}
{{- fail (printf "%s mount a volume at %s in the container %s, and so hide its programs or files of the system: give it another mountPath" $mounts $path $container) -}}
{{- end -}}
{{- $_ := set $paths $path .readOnly -}}
{{- if lt $i $own -}}
{{- $chart = append $chart $path -}}
{{- end -}}
{{- end -}}
{{- range .ports -}}
{{- $protocol := .protocol | default "TCP" -}}
{{- $uses := list (printf "%d/%s" (int .containerPort) $protocol) -}}
{{- $address := .hostIP -}}
{{- with .hostPort -}}
{{- $uses = append $uses (printf "%d/%s of the node%s" (int .) $protocol ($address | default "" | printf " %s" | trimSuffix " ")) -}}
{{- end -}}
{{- with .name -}}
{{- $uses = append $uses (printf "%s of %s" . $container) -}}
{{- end -}}
{{- range $uses -}}
{{- if has . $ports -}}
{{- fail (printf "the port %s is used twice in the pod, by %s, and only one program can listen on it: change %s" (replace "/TCP" "" .) $container $.ports) -}}
{{- end -}}
{{- end -}}
{{- $ports = concat $ports $uses -}}
{{- end -}}
{{- range list .livenessProbe .readinessProbe .startupProbe (.lifecycle).postStart (.lifecycle).preStop -}}
{{- $port := coalesce ((.).httpGet).port ((.).tcpSocket).port -}}
{{- if and (kindIs "string" $port) (not (has (printf "%s of %s" $port $container) $ports)) -}}
{{- fail (printf "%s.extraContainers has a probe or hook of the port %s in %s, which has no port of that name: add it to its ports" $.section $port $container) -}}
{{- end -}}
{{- end -}}
{{- range $hook, $action := .lifecycle -}}
{{- if and (kindIs "map" $action) (gt (int (($action).sleep).seconds) (int $pod.terminationGracePeriodSeconds)) -}}
{{- fail (printf "%s.extraContainers has a %s in %s that sleeps longer than the %v seconds in which the pod stops: shorten it, or raise %s.drainSeconds" $.section $hook $container $pod.terminationGracePeriodSeconds $.section) -}}
{{- end -}}
{{- end -}}
{{- with .securityContext -}}
{{- if and (hasKey . "runAsUser") (not .runAsUser) (hasKey . "runAsNonRoot" | ternary .runAsNonRoot ($pod.securityContext).runAsNonRoot) -}}
{{- fail (printf "%s.extraContainers has a securityContext in %s with runAsUser 0, root, and runAsNonRoot there or in %s.podSecurityContext forbids it: change one of them" $.section $container $.section) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- /* Of a flag that is given twice the last one counts. Those for which the chart has no value may be changed so. */ -}}
{{- $args := (first $pod.containers).args -}}
{{- $flags := dict -}}
{{- range $i, $arg := $args -}}
{{- $flag := regexFind "^-[^=]*" $arg | trimAll "-" -}}
{{- if lt $i (sub (len $args) (len ($.values.extraArgs | default list)) | int) -}}
{{- $_ := set $flags $flag $arg -}}
{{- else if and $flag (ne $arg (get $flags $flag | default $arg)) (not (has $flag (list "debug" "runtime-class-name"))) -}}
{{- fail (printf "%s.extraArgs has %s, and the chart sets this flag: remove it, and set the chart's value for it instead" $.section $arg) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Resources and security contexts that are not the default ones. */}}
{{- define "agentcube.validate.changed" -}}
{{- $changed := .rendered.changed -}}
{{- range $section := list "router" "workloadmanager" -}}
{{- range (index $.Values $section).extraContainers -}}
{{- $changed = append $changed (dict "key" (printf "%s.extraContainers, in %s, resources" $section .name) "value" .resources) -}}
{{- end -}}
{{- end -}}
{{- range $changed -}}
{{- $key := .key -}}
{{- with .value -}}
{{- include "agentcube.validate.unique" (dict "key" (printf "%s.sysctls" $key) "entries" .sysctls "field" "name") -}}
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
{{- fail (printf "%s.limits.%s is %v, and Kubernetes wants a multiple of the size in its name, beside cpu or memory: change it" $key $name $limit) -}}
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
{{- end -}}

{{/* The directory of the certificates is mounted over what the images have there. */}}
{{- define "agentcube.validate.certDir" -}}
{{- $dir := clean .Values.spire.spiffeHelper.certDir -}}
{{- $system := "^/(bin|boot|dev|lib|lib64|proc|sbin|spiffe-helper|sys|usr|etc/(group|hostname|hosts|passwd|pki|resolv[.]conf|ssl)|(var/)?run/secrets)(/.*)?$|^/(etc|home|opt|root|run|tmp|var|var/(lib|run))$" -}}
{{- if regexMatch $system $dir -}}
{{- fail (printf "spire.spiffeHelper.certDir is %s, which would hide files of the images: choose a directory of its own, as /run/spire/certs" $dir) -}}
{{- end -}}
{{- range list "/etc/spiffe-helper" (include "agentcube.spire.socketMount" .) -}}
{{- if hasPrefix (printf "%s/" .) (printf "%s/" $dir) -}}
{{- fail (printf "spire.spiffeHelper.certDir is %s, and the pods have other files in %s: choose a directory of its own, as /run/spire/certs" $dir .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
