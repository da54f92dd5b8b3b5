{{/*
Where pods run, by the values of their component. Several replicas keep apart where they can, so that a node's loss takes
one. Takes values, app, replicas and, of the chart's own, nodeSelector and affinity.
*/}}
{{- define "agentcube.scheduling" -}}
{{- with include "agentcube.texts" (dict "chart" (.nodeSelector | default "") "extra" .values.nodeSelector) }}
nodeSelector:
  {{- . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .values.affinity }}
affinity:
  {{- toYaml .values.affinity | nindent 2 }}
{{- else if .affinity }}
affinity:
  {{- .affinity | nindent 2 }}
{{- else if gt (int .replicas) 1 }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              app: {{ .app }}
{{- end }}
{{- with .values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Pods without values of their own for that run on the nodes that the Router's values choose. */}}
{{- define "agentcube.scheduling.asRouter" -}}
{{- include "agentcube.scheduling" (dict "values" (pick .Values.router "nodeSelector" "tolerations")) -}}
{{- end -}}

{{/* The fewest replicas of a component that may be scaled by its load. */}}
{{- define "agentcube.replicas" -}}
{{ ternary .autoscaling.minReplicas .replicas .autoscaling.enabled }}
{{- end -}}

{{/*
The number of replicas that a Deployment is given; empty: the autoscaler's alone. A manifest that never had a number lets upgrades and
rollbacks leave the autoscaler's. Where a manifest had one, the next must have the live one: if it ceased to say it, Kubernetes would
fall back to one. Takes root, values and name.
*/}}
{{- define "agentcube.replicas.set" -}}
{{- if not .values.autoscaling.enabled -}}
{{ .values.replicas }}
{{- else -}}
{{- with lookup "apps/v1" "Deployment" .root.Release.Namespace .name -}}
{{- if not (dig "annotations" "agentcube.volcano.sh/replicas" "" .metadata) -}}
{{ .spec.replicas }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Annotations of a Deployment: the chart's and the user's. Takes root, section, values and name. */}}
{{- define "agentcube.deployment.annotations" -}}
{{ include "agentcube.texts" (dict "chart" (include "agentcube.deployment.records" .) "extra" .values.annotations "key" (printf "%s.annotations" .section)) }}
{{- end -}}

{{/* What a Deployment tells the next upgrade of the chart. Takes root, values and name. */}}
{{- define "agentcube.deployment.records" -}}
{{- $unknown := include "agentcube.upgrade.afterFailure" .root -}}
agentcube.volcano.sh/revision: {{ .root.Release.Revision | quote }}
{{- with include "agentcube.mode.deployed" . | default (ternary "" (include "agentcube.mode" .root) (not (not $unknown))) }}
agentcube.volcano.sh/deployed-mode: {{ . }}
{{- end }}
{{- if not (include "agentcube.replicas.set" .) }}
agentcube.volcano.sh/replicas: autoscaler
{{- end }}
{{- end -}}

{{/* Annotations of the pods of Router and WorkloadManager: the chart's and the user's. Takes root, section and values. */}}
{{- define "agentcube.app.annotations" -}}
{{ include "agentcube.texts" (dict "chart" (include "agentcube.app.checksums" .root) "extra" .values.podAnnotations "key" (printf "%s.podAnnotations" .section)) }}
{{- end -}}

{{/* Rolls the pods that read a changed configuration or password, and no others. */}}
{{- define "agentcube.app.checksums" -}}
{{- if .Values.spire.enabled }}
checksum/spiffe-helper: {{ include "agentcube.checksum" (dict "root" . "file" "helper.conf") }}
{{- end }}
{{- with include "agentcube.redis.checksum" . }}
checksum/redis-password: {{ . }}
{{- end }}
{{- end -}}

{{/* The user's containers. */}}
{{- define "agentcube.extraContainers" -}}
{{- $containers := list -}}
{{- range . -}}
{{- $container := . -}}
{{- with .env -}}
{{- $container = merge (dict "env" (include "agentcube.env.with" (dict "chart" "" "extra" .) | fromYamlArray)) $container -}}
{{- end -}}
{{- $containers = append $containers $container -}}
{{- end -}}
{{ toYaml $containers }}
{{- end -}}

{{/* An argument, in which Kubernetes would replace $(NAME) by a variable, and halves each pair of dollar signs. */}}
{{- define "agentcube.argument" -}}
{{ . | replace "$" "$$" | quote }}
{{- end -}}

{{/*
The security context of a pod. Programs that are not root may open ports below 1024 by a setting of the kernel that the Pod Security
level `restricted` allows. Takes context, the user's, and ports.
*/}}
{{- define "agentcube.pod.securityContext" -}}
{{- $context := .context -}}
{{- $setting := "net.ipv4.ip_unprivileged_port_start" -}}
{{- range .ports -}}
{{- if and (lt (int .) 1024) (not (contains $setting (toJson $context | replace "/" "."))) -}}
{{- $sysctls := append (($context).sysctls | default list) (dict "name" $setting "value" "0") -}}
{{- $context = merge (dict "sysctls" $sysctls) ($context | default dict) -}}
{{- end -}}
{{- end -}}
{{ toYaml $context }}
{{- end -}}

{{/* That of the pods of Router and WorkloadManager. Takes root, values and port, the program's. */}}
{{- define "agentcube.app.securityContext" -}}
{{- $ports := list .port -}}
{{- if .root.Values.spire.enabled -}}
{{- $ports = append $ports .root.Values.spire.spiffeHelper.healthPort -}}
{{- end -}}
{{- range .values.extraContainers -}}
{{- range .ports -}}
{{- $ports = append $ports .containerPort -}}
{{- end -}}
{{- end -}}
{{ include "agentcube.pod.securityContext" (dict "context" .values.podSecurityContext "ports" $ports) }}
{{- end -}}

{{/* What no container of ours needs more than. */}}
{{- define "agentcube.container.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end -}}

{{- define "agentcube.imagePullSecrets" -}}
{{- with .Values.imagePullSecrets -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{/* A program that hangs has nothing to finish: it is killed without the drain of its pod. */}}
{{- define "agentcube.probe.grace" -}}
terminationGracePeriodSeconds: 10
{{- end -}}

{{/*
A stopping pod goes on serving for these seconds. Kubernetes does the waiting, since images need not have a shell; servers
below 1.30 cannot, and there the pod stops at once. Takes root and seconds.
*/}}
{{- define "agentcube.drain" -}}
{{- if and .seconds (semverCompare ">=1.30-0" .root.Capabilities.KubeVersion.Version) -}}
lifecycle:
  preStop:
    sleep:
      seconds: {{ .seconds }}
{{- end -}}
{{- end -}}
