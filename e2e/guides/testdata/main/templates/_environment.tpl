{{- define "main.environment" -}}
- name: AGENTCUBE_NAMESPACE
  valueFrom:
    fieldRef: {fieldPath: metadata.namespace}
- name: REDIS_ADDR
  value: {{ .Values.redis.addr | quote }}
{{- if or .Values.redis.password .Values.redis.secretName }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.redis.secretName | default (printf "%s-redis" .Release.Name) }}
      key: {{ .Values.redis.secretKey }}
{{- end }}
{{- if .Values.spire.enabled }}
- name: AGENTCUBE_SPIFFE_TRUST_DOMAIN
  value: {{ .Values.spire.trustDomain }}
{{- end }}
{{- end -}}
