{{- define "main.helper" -}}
- name: spiffe-helper
  image: "{{ .Values.spire.spiffeHelper.image.repository }}:{{ .Values.spire.spiffeHelper.image.tag }}"
  imagePullPolicy: {{ .Values.spire.spiffeHelper.image.pullPolicy }}
  args: [-config, /etc/spiffe-helper/spiffe-helper.conf]
  volumeMounts:
    - {name: spiffe-helper-config, mountPath: /etc/spiffe-helper}
    - {name: spire-agent-socket, mountPath: /run/spire/sockets}
    - {name: spire-certs, mountPath: "{{ .Values.spire.spiffeHelper.certDir }}"}
{{- end -}}

{{- define "main.volumes" -}}
- name: spiffe-helper-config
  configMap: {name: spiffe-helper-config}
- name: spire-agent-socket
  hostPath: {path: /run/spire/sockets, type: DirectoryOrCreate}
- name: spire-certs
  emptyDir: {}
{{- end -}}

{{- define "main.arguments" -}}
{{- with .root.Values.spire.spiffeHelper -}}
- --{{ $.prefix }}-cert={{ .certDir }}/{{ .certFileName }}
- --{{ $.prefix }}-key={{ .certDir }}/{{ .keyFileName }}
- --{{ $.prefix }}-ca={{ .certDir }}/{{ .bundleFileName }}
{{- end -}}
{{- end -}}
