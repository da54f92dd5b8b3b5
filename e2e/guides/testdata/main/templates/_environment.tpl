{{- define "main.environment" -}}
- name: AGENTCUBE_NAMESPACE
  valueFrom:
    fieldRef: {fieldPath: metadata.namespace}
- name: REDIS_ADDR
  value: {{ .Values.redis.addr | quote }}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ .Values.redis.secretName | default (printf "%s-redis" .Release.Name) }}
      key: {{ .Values.redis.secretKey }}
{{- end -}}
