{{/* Beside the server, for its socket. Without its admission webhook: one that nobody answers blocks upgrades and uninstalls. */}}
{{- define "agentcube.controllerManager" -}}
- name: spire-controller-manager
  image: {{ include "agentcube.image" (dict "root" . "image" .Values.spire.controllerManager.image) | quote }}
  imagePullPolicy: {{ .Values.spire.controllerManager.image.pullPolicy }}
  args:
    - -config=/run/spire/controller-manager/controller-manager.yaml
  env:
    - name: ENABLE_WEBHOOKS
      value: "false"
  ports:
    - name: manager-health
      containerPort: 8083
      protocol: TCP
  startupProbe:
    httpGet:
      path: /healthz
      port: manager-health
    periodSeconds: 1
    failureThreshold: 120
  livenessProbe:
    httpGet:
      path: /healthz
      port: manager-health
    periodSeconds: 30
    timeoutSeconds: 10
  readinessProbe:
    httpGet:
      path: /readyz
      port: manager-health
    periodSeconds: 5
    timeoutSeconds: 5
  resources:
    {{- toYaml .Values.spire.controllerManager.resources | nindent 4 }}
  securityContext:
    {{- include "agentcube.container.securityContext" . | nindent 4 }}
  volumeMounts:
    - name: controller-manager-config
      mountPath: /run/spire/controller-manager
      readOnly: true
    - name: socket
      mountPath: /tmp/spire-server/private
      readOnly: true
{{- end -}}
