{{/* Native sidecars start, and are ready, before the application starts. Servers below 1.29 know only ordinary ones. */}}
{{- define "agentcube.sidecar.native" -}}
{{- if semverCompare ">=1.29-0" .Capabilities.KubeVersion.Version -}}true{{- end -}}
{{- end -}}

{{/* What a pod with the sidecar starts before anything else. */}}
{{- define "agentcube.sidecar.initContainers" -}}
{{ include "agentcube.sidecar.wait" . }}
{{- if include "agentcube.sidecar.native" . }}
{{ include "agentcube.sidecar" . }}
{{- end }}
{{- end -}}

{{/*
The helper retries an unavailable agent with exponential backoff, up to two minutes. Held back until the agent accepts
(7 is how curl says that it does not), it has its certificate at once.
*/}}
{{- define "agentcube.sidecar.wait" -}}
{{- include "agentcube.wait" (dict "root" . "name" "wait-for-agent") }}
    - |
      trap 'exit 1' TERM
      until curl --silent --output /dev/null --max-time 2 --unix-socket {{ include "agentcube.spire.socket" . }} http://agent || [ $? -ne 7 ]; do
        sleep 0.5
      done
  volumeMounts:
    - name: workload-api
      mountPath: {{ include "agentcube.spire.socketMount" . }}
      readOnly: true
{{- end -}}

{{- define "agentcube.sidecar" -}}
- name: spiffe-helper
  image: {{ include "agentcube.image" (dict "root" . "image" .Values.spire.spiffeHelper.image) | quote }}
  imagePullPolicy: {{ .Values.spire.spiffeHelper.image.pullPolicy }}
  {{- if include "agentcube.sidecar.native" . }}
  restartPolicy: Always
  {{- end }}
  args:
    - -config
    - /etc/spiffe-helper/helper.conf
  ports:
    - name: helper-health
      containerPort: {{ .Values.spire.spiffeHelper.healthPort }}
  # Certificates come when the agent has attested the pod, however long that takes: restarting would only lose time
  startupProbe:
    httpGet:
      path: /ready
      port: helper-health
    periodSeconds: 1
    failureThreshold: 3600
  livenessProbe:
    httpGet:
      path: /live
      port: helper-health
    periodSeconds: 10
    timeoutSeconds: 10
    {{- include "agentcube.probe.grace" . | nindent 4 }}
  resources:
    {{- toYaml .Values.spire.spiffeHelper.resources | nindent 4 }}
  securityContext:
    {{- include "agentcube.container.securityContext" . | nindent 4 }}
  volumeMounts:
    - name: spiffe-helper
      mountPath: /etc/spiffe-helper
      readOnly: true
    - name: workload-api
      mountPath: {{ include "agentcube.spire.socketMount" . }}
      readOnly: true
    - name: certificates
      mountPath: {{ .Values.spire.spiffeHelper.certDir }}
{{- end -}}

{{- define "agentcube.sidecar.volumes" -}}
- name: spiffe-helper
  configMap:
    name: spiffe-helper
- name: workload-api
  {{- if eq .Values.spire.workloadAPI.type "csi" }}
  csi:
    driver: csi.spiffe.io
    readOnly: true
  {{- else }}
  hostPath:
    path: {{ include "agentcube.spire.socketDir" . }}
    type: DirectoryOrCreate
  {{- end }}
# Private keys stay in memory
- name: certificates
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
{{- end -}}

{{- define "agentcube.sidecar.appMount" -}}
- name: certificates
  mountPath: {{ .Values.spire.spiffeHelper.certDir }}
  readOnly: true
{{- end -}}

{{/* A program's flags for the three files. Takes root and prefix. */}}
{{- define "agentcube.sidecar.args" -}}
{{- with .root.Values.spire.spiffeHelper -}}
- --{{ $.prefix }}-cert={{ .certDir }}/{{ .certFileName }}
- --{{ $.prefix }}-key={{ .certDir }}/{{ .keyFileName }}
- --{{ $.prefix }}-ca={{ .certDir }}/{{ .bundleFileName }}
{{- end -}}
{{- end -}}
