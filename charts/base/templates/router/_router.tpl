{{/*
Plain and mutual-TLS WorkloadManagers stand behind different ports of one Service, so a Router reaches only those that
speak as it does, while both kinds run.
*/}}
{{- define "agentcube.router.workloadManagerURL" -}}
http://{{ include "agentcube.router.workloadManagerHost" . }}:{{ include "agentcube.workloadmanager.port" . }}
{{- end -}}

{{- define "agentcube.router.workloadManagerHost" -}}
workloadmanager.{{ .Release.Namespace }}.svc
{{- end -}}

{{/*
A Router whose WorkloadManager does not accept yet would answer 500 as soon as it is ready. When SPIRE is switched on or off both
roll at once, so that a new Router waits here, while the old ones go on with the old WorkloadManagers. It also exits if its issuer does
not answer while it starts; the issuer's certificate is the Router's to verify. One container does both: helm could not remove one that
comes and goes with the issuer after a failed upgrade. Takes root and env, the environment of the Router, which may name a proxy.
*/}}
{{- define "agentcube.router.wait" -}}
{{- $host := include "agentcube.router.workloadManagerHost" .root -}}
{{- $port := include "agentcube.workloadmanager.port" .root -}}
{{- with .root.Values.router -}}
{{- include "agentcube.wait" (dict "root" $.root "name" "wait-for-workloadmanager") }}
    - |
      trap 'exit 1' TERM
      {{- include "agentcube.wait.meshed" . | nindent 6 }}
      left() { [ "$(date +%s)" -lt "$end" ]; }
      {{- with .jwt.issuerUrl }}
      configuration={{ trimSuffix "/" . | squote }}/.well-known/openid-configuration
      echo "waiting for $configuration"
      end=$(($(date +%s) + {{ $.root.Values.router.waitSeconds }}))
      until curl --silent --fail --location --globoff --insecure --max-time 5 --output /dev/null "$configuration"; do
        left || { echo "the issuer does not answer: the Router starts anyway. Its address is the value router.jwt.issuerUrl"; break; }
        sleep 0.5
      done
      {{- end }}
      end=$(($(date +%s) + {{ .waitSeconds }}))
      until timeout 2 nc {{ $host }} {{ $port }} </dev/null; do
        left || { echo "no WorkloadManager accepts: the Router starts anyway"; exit 0; }
        sleep 0.5
      done
  {{- if .jwt.issuerUrl }}
  env:
    {{- include "agentcube.env.waiting" $.env | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/*
Whether the release makes the Router's ServiceAccount. One that it has made stays, since without it
no new Router starts.
*/}}
{{- define "agentcube.router.ownServiceAccount" -}}
{{- with .Values.router -}}
{{- if or .rbac.create (not .serviceAccountName) -}}
true
{{- else -}}
{{- include "agentcube.owns" (dict "root" $ "object" (lookup "v1" "ServiceAccount" $.Release.Namespace .serviceAccountName)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Images older than mutual TLS do not know these flags, so an unset value gives none. */}}
{{- define "agentcube.router.jwtArgs" -}}
{{- with .Values.router.jwt -}}
{{- if .issuerUrl -}}
- {{ include "agentcube.argument" (printf "--jwt-issuer-url=%s" .issuerUrl) }}
- {{ include "agentcube.argument" (printf "--jwt-audience=%s" .audience) }}
{{- with .roleClaim }}
- {{ include "agentcube.argument" (printf "--jwt-role-claim=%s" .) }}
{{- end }}
{{- with .requiredRole }}
- {{ include "agentcube.argument" (printf "--jwt-required-role=%s" .) }}
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "agentcube.router.env" -}}
{{ include "agentcube.env" . }}
# With mutual TLS the Router makes https of it, and logs so
- name: WORKLOAD_MANAGER_URL
  value: {{ include "agentcube.router.workloadManagerURL" . }}
{{- if .Values.spire.enabled }}
- name: AGENTCUBE_SPIFFE_TRUST_DOMAIN
  value: {{ .Values.spire.trustDomain | quote }}
{{- end }}
{{- end -}}
