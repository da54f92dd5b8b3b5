# Run by `helm test` inside the cluster. The first thing that is not as it should be ends it.
set -u
# As the first process of its container, a shell ignores SIGTERM unless it says otherwise
trap 'exit 1' TERM

fail() { echo "FAILED: $1"; exit 1; }
passed() { echo "passed: $1"; }

# The status of what a call answers; 000 if nobody does
status() { curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' "$@"; }

router=http://agentcube-router.{{ .Release.Namespace }}.svc:{{ .Values.router.service.port }}
workloadmanager=workloadmanager.{{ .Release.Namespace }}.svc

for health in live ready; do
  [ "$(status "$router/health/$health")" = 200 ] || fail "the Router is not $health at $router/health/$health"
  passed "the Router is $health"
done
{{- if .Values.networkPolicies.enabled }}
echo "skipped: networkPolicies.enabled lets no pod but the Router reach the WorkloadManager, and so not this one"
{{- else if .Values.spire.enabled }}

# What listens there says itself that it wants TLS, and in TLS that it wants a certificate: silence would be no refusal
secure=$workloadmanager:{{ .Values.workloadmanager.service.mtlsPort }}/health
[ "$(status "http://$secure")" = 400 ] || fail "the WorkloadManager does not refuse plain HTTP on its port for mutual TLS"
passed "the WorkloadManager refuses plain HTTP"
# With TLS 1.3 the client's part of the handshake ends first. The refusal then meets it as it sends (curl's 55) or receives (56)
refusal=$(curl --silent --show-error --max-time 10 --tlsv1.3 --insecure "https://$secure" 2>&1)
case $? in
  55 | 56) passed "the WorkloadManager refuses a client without a certificate" ;;
  *) fail "the WorkloadManager does not ask a client for its certificate: $refusal" ;;
esac
# After SPIRE was switched on, old pods serve their last Routers for a while
patience={{ add .Values.workloadmanager.drainSeconds 30 }}
until [ "$(status "http://$workloadmanager:{{ .Values.workloadmanager.service.port }}/health")" = 000 ]; do
  patience=$((patience - 1))
  [ "$patience" -gt 0 ] || fail "a WorkloadManager without TLS still answers"
  sleep 1 & wait $!
done
passed "no WorkloadManager without TLS is left"
{{- else }}

[ "$(status "http://$workloadmanager:{{ .Values.workloadmanager.service.port }}/health")" = 200 ] || fail "the WorkloadManager is not healthy"
passed "the WorkloadManager is healthy"
{{- end }}
{{- if include "agentcube.test.asks" . }}

# SPIRE may be down while all programs still answer: their certificates outlive it for a while
account=/var/run/secrets/kubernetes.io/serviceaccount
ask() {
  object=$(curl --silent --show-error --fail --max-time 10 --cacert "$account/ca.crt" --oauth2-bearer "$(cat "$account/token")" \
    "https://kubernetes.default.svc/apis/apps/v1/namespaces/{{ .Release.Namespace }}/$1?pretty=false") || fail "the API server does not say how many $2 are ready"
}
count() { printf '%s' "$object" | sed -n "s/.*\"status\":{[^{]*\"$1\":\([0-9]*\).*/\1/p"; }
{{- end }}
{{- if include "agentcube.spire.server" . }}
ask statefulsets/spire-server "SPIRE servers"
ready=$(count readyReplicas) wanted={{ .Values.spire.server.replicas }}
[ "${ready:-0}" -ge "$wanted" ] ||
  fail "${ready:-0} of $wanted SPIRE servers are ready, and without any no certificate is renewed"
passed "$ready of $wanted SPIRE servers are ready"
{{- end }}
{{- if include "agentcube.spire.agent" . }}
# helm --wait takes a DaemonSet for ready while some of its pods are not, and Flux runs this test
# at once
patience=60
while
  ask daemonsets/spire-agent "SPIRE agents"
  ready=$(count numberReady) wanted=$(count desiredNumberScheduled)
  [ "${ready:-0}" = 0 ] || [ "$ready" != "$wanted" ]
do
  patience=$((patience - 1))
  [ "$patience" -gt 0 ] || fail "${ready:-0} of ${wanted:-0} SPIRE agents are ready, and pods on the other nodes get no certificates"
  sleep 1 & wait $!
done
passed "$ready of $wanted SPIRE agents are ready"
{{- end }}

# Only the WorkloadManager knows that there is no such runtime: a 404 has been there and back, a 500 has not
answer=$(status --data '{}' "$router/v1/namespaces/{{ .Release.Namespace }}/agent-runtimes/helm-test-no-such-runtime/invocations/")
case "$answer" in
  404) passed "the Router reaches the WorkloadManager" ;;
  401 | 403) echo "skipped: the Router asks callers for a token, so the way to the WorkloadManager was not tried" ;;
  *) fail "the Router does not reach the WorkloadManager; it answers $answer" ;;
esac
