{{/*
The SPIFFE ID comes from the pod's own account and the selectors from the expected one: a pod that merely copies the labels, in
another namespace or under another account, gets nothing. Takes root, name, app, namespace, podLabels and serviceAccount.
*/}}
{{- define "agentcube.clusterSPIFFEID" -}}
apiVersion: spire.spiffe.io/v1alpha1
kind: ClusterSPIFFEID
metadata:
  name: {{ .root.Release.Name }}-{{ .name }}
  labels:
    {{- include "agentcube.labels" (dict "root" .root "app" .app "component" "identity") | nindent 4 }}
spec:
  {{- with include "agentcube.spire.className" .root }}
  className: {{ . | quote }}
  {{- end }}
  spiffeIDTemplate: {{ include "agentcube.spiffeIDTemplate" . | quote }}
  namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ .namespace | quote }}
  podSelector:
    matchLabels:
      {{- include "agentcube.texts" (dict "chart" "" "extra" .podLabels) | nindent 6 }}
  workloadSelectorTemplates:
    - k8s:ns:{{ .namespace }}
    - k8s:sa:{{ .serviceAccount }}
{{- end -}}
