{{/* Of two files with one path in a volume only one would be there. Takes section and volume. */}}
{{- define "agentcube.check.files" -}}
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
{{- $workload := (include (printf "%s/%s" .root.Template.BasePath .file) .root | fromYaml).spec -}}
{{- $pod := $workload.template.spec -}}
{{- /* Programs and files of the images, of the runtime and of the kubelet. A single file (subPath) may be added there. */ -}}
{{- $system := "^/((boot|dev(/termination-log)?|etc|opt/spire(/bin)?|sys|usr|(usr/)?(bin|lib|lib64|sbin))?|proc(/.*)?|etc/(group|hostname|hosts|passwd|resolv[.]conf)|(var/)?run/secrets(/.*)?)$" -}}
{{- $pages := dict -}}
{{- range concat ($pod.initContainers | default list) $pod.containers -}}
{{- range $name, $amount := (.resources).limits -}}
{{- if hasPrefix "hugepages-" $name -}}
{{- $_ := set $pages (trimPrefix "hugepages-" $name | include "agentcube.bytes") $name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $volumes := list -}}
{{- range $workload.volumeClaimTemplates -}}
{{- $volumes = append $volumes .metadata.name -}}
{{- end -}}
{{- range $pod.volumes -}}
{{- if has .name $volumes -}}
{{- fail (printf "%s.extraVolumes has a volume %s, and the pod has another one of that name: give it another name" $.section .name) -}}
{{- end -}}
{{- $volumes = append $volumes .name -}}
{{- if and (hasKey . "gitRepo") (semverCompare ">=1.33-0" $.root.Capabilities.KubeVersion.Version) -}}
{{- fail (printf "%s.extraVolumes has a volume %s of type gitRepo, which no kubelet makes as of Kubernetes 1.33: clone the repository into an emptyDir" $.section .name) -}}
{{- end -}}
{{- $medium := (.emptyDir).medium | default "" -}}
{{- if and (hasPrefix "HugePages" $medium) (not (hasKey $pages (trimPrefix "HugePages-" $medium | include "agentcube.bytes"))) (not (and (eq $medium "HugePages") (eq 1 (len $pages)))) -}}
{{- fail (printf "%s.extraVolumes has a volume %s of the medium %s, and a kubelet makes it only for a pod with limits of such pages, or of one size if it names none: set hugepages-2Mi or the like in the limits of a container" $.section .name $medium) -}}
{{- end -}}
{{- include "agentcube.check.files" (dict "section" $.section "volume" .) -}}
{{- end -}}
{{- $all := list -}}
{{- range concat ($pod.initContainers | default list) $pod.containers -}}
{{- $all = append $all .name -}}
{{- end -}}
{{- range $name, $profile := $workload.template.metadata.annotations -}}
{{- $container := trimPrefix "container.apparmor.security.beta.kubernetes.io/" $name -}}
{{- if and (ne $container $name) (not (has $container $all)) -}}
{{- fail (printf "%s.podAnnotations has %s, and the pod has no container %s: name one of %s" $.section $name $container (join ", " $all)) -}}
{{- else if and (ne $container $name) (contains `"appArmorProfile":{` (toJson $pod)) -}}
{{- fail (printf "%s.podAnnotations has %s, and a security context of the same pod has an appArmorProfile: remove one of them" $.section $name) -}}
{{- end -}}
{{- end -}}
{{- range list (dict "key" "extraEnv or extraContainers" "pod" (pick $pod "containers")) (dict "key" "extraVolumes" "pod" (pick $pod "volumes")) -}}
{{- $key := .key -}}
{{- range regexFindAll `"resourceFieldRef":{"containerName":"[^"]+"` (toJson .pod) -1 -}}
{{- $container := splitList `"` . | initial | last -}}
{{- if not (has $container $all) -}}
{{- fail (printf "%s.%s has a resourceFieldRef of the container %s, and the pod has no such container: name one of %s" $.section $key $container (join ", " $all)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $mounts := printf "%s.extraVolumeMounts%s" .section (hasKey .values "extraContainers" | ternary " or extraContainers" "") -}}
{{- $names := list -}}
{{- $ports := list -}}
{{- range concat ($pod.initContainers | default list) $pod.containers -}}
{{- $container := .name -}}
{{- $privileged := (.securityContext).privileged -}}
{{- $own := eq .name (first $pod.containers).name | ternary (sub (len (.volumeMounts | default list)) (len ($.values.extraVolumeMounts | default list))) 0 -}}
{{- if has .name $names -}}
{{- fail (printf "%s.extraContainers has a container %s, and the pod has another one of that name: give it another name" $.section .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- $variables := list "$$" -}}
{{- range .env -}}
{{- $variables = append $variables (printf "$(%s)" .name) -}}
{{- end -}}
{{- $others := .envFrom -}}
{{- $paths := dict -}}
{{- $chart := list -}}
{{- range $i, $mount := .volumeMounts -}}
{{- if not (has .name $volumes) -}}
{{- fail (printf "%s mount the volume %s in the container %s, and the pod has no such volume: add it to %s.extraVolumes" $mounts .name $container $.section) -}}
{{- end -}}
{{- if and (eq "Bidirectional" (.mountPropagation | default "")) (not $privileged) -}}
{{- fail (printf "%s mount the volume %s in the container %s with mountPropagation Bidirectional, which only a privileged container may have: remove it" $mounts .name $container) -}}
{{- end -}}
{{- /* The last ones are Kubernetes' own, of Services */ -}}
{{- range regexFindAll `\$\$|\$\([^)]*\)` (.subPathExpr | default "") -1 -}}
{{- if not (or $others (has . $variables) (regexMatch "^[$][(][A-Z0-9_]+_(SERVICE_HOST|(SERVICE_)?PORT(_.+)?)[)]$" .)) -}}
{{- fail (printf "%s mount the volume %s in the container %s with %s in subPathExpr, which is no variable of the container, and the kubelet would not start it: add it to env" $mounts $mount.name $container .) -}}
{{- end -}}
{{- end -}}
{{- $path := clean (printf "/%s" .mountPath) -}}
{{- range $other, $readOnly := $paths -}}
{{- $above := hasPrefix (printf "%s/" $path) $other -}}
{{- if or (eq $path $other) (and $readOnly (hasPrefix (printf "%s/" $other) $path)) (and $above (or $mount.readOnly (has $other $chart))) -}}
{{- fail (printf "%s mount a volume at %s in the container %s, and another one is at %s: give it another mountPath" $mounts $path $container $other) -}}
{{- end -}}
{{- end -}}
{{- if and (or (regexMatch $system $path) (and (eq $path (eq $.section "spire.server" | ternary "/opt" "/app")) (eq $container (first $pod.containers).name))) (not .subPath) -}}
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
{{- else if or (eq $arg "--") (hasPrefix "---" $arg) (and (not (hasPrefix "-" $arg)) (eq $i (sub (len $args) (len $.values.extraArgs) | int))) -}}
{{- fail (printf "%s.extraArgs has %q where a flag must be, and the program would read none of the arguments behind it: begin it with one or two dashes and a name" $.section $arg) -}}
{{- else if and (has $arg (list "true" "false")) (gt $i 0) (regexMatch "^--?(debug|enable-auth|enable-tls)$" (index $args (sub $i 1 | int))) -}}
{{- fail (printf "%s.extraArgs has %s behind %s, and the program would read none of the arguments behind it: write them as one, with = between them" $.section $arg (index $args (sub $i 1 | int))) -}}
{{- else if and (eq $.section "router") (regexMatch "^--?enable-tls(=true)?$" $arg) -}}
{{- fail (printf "router.extraArgs has %s, and the probes and the clients speak without TLS: remove it" $arg) -}}
{{- else if and (regexMatch "^--?enable-tls(=true)?$" $arg) (not $.root.Values.spire.enabled) -}}
{{- fail (printf "%s.extraArgs has %s, and the probes and the Routers speak without TLS: set spire.enabled instead" $.section $arg) -}}
{{- else if and $flag (ne $arg (get $flags $flag | default $arg)) (not (has $flag (list "debug" "runtime-class-name"))) -}}
{{- fail (printf "%s.extraArgs has %s, and the chart sets this flag: remove it, and set the chart's value for it instead" $.section $arg) -}}
{{- else if regexMatch "^--?(max-concurrent-requests|runtime-class-name|(jwt|mtls|tls)-[a-z-]+)$" $arg -}}
{{- $value := slice $args (add1 $i) | first -}}
{{- if or (kindIs "invalid" $value) (and (hasSuffix "requests" $arg) (not (regexMatch "^[0-9]{1,18}$" $value))) -}}
{{- fail (printf "%s.extraArgs has %s, and behind it no value that the program can read: write both as one, with = between them" $.section $arg) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- /* Flags without which others end the Router */ -}}
{{- range $together := list (list "jwt-issuer-url" "jwt-role-claim" "jwt-required-role") (list "mtls-cert" "mtls-key" "mtls-ca") (list "mtls-key" "mtls-ca" "mtls-cert") (list "mtls-ca" "mtls-cert" "mtls-key") -}}
{{- range rest $together -}}
{{- if and (eq $.section "router") (regexMatch (first $together | printf "(?m)^--?%s(=|$)") (join "\n" $args)) (not (regexMatch (printf "(?m)^--?%s(=|$)" .) (join "\n" $args))) -}}
{{- fail (printf "router.extraArgs has --%s without --%s, and the Router exits: remove it, and set router.jwt or spire.enabled instead" (first $together) .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
