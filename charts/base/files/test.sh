# Run by `helm test` inside the cluster. The first thing that is not as it should be ends it.
set -u

fail() { echo "FAILED: $1"; exit 1; }
passed() { echo "passed: $1"; }

# What a call answers, an error's status line included. Not by -T of busybox' wget, with which some builds crash
answer() { timeout 10 wget -q -O - "$@" 2>&1; }

router=http://agentcube-router.{{ .Release.Namespace }}.svc:{{ .Values.router.service.port }}
workloadmanager=workloadmanager.{{ .Release.Namespace }}.svc

answer "$router/health/live" >/dev/null || fail "the Router is not alive at $router"
passed "the Router is alive"
answer "$router/health/ready" >/dev/null || fail "the Router is not ready at $router"
passed "the Router is ready"
{{- if .Values.spire.enabled }}

# A port with mutual TLS gives nothing to whoever does without
if answer "http://$workloadmanager:{{ .Values.workloadmanager.service.mtlsPort }}/health" >/dev/null; then
  fail "the WorkloadManager answers plain HTTP on its port for mutual TLS"
fi
passed "the WorkloadManager refuses plain HTTP"
if answer --no-check-certificate "https://$workloadmanager:{{ .Values.workloadmanager.service.mtlsPort }}/health" >/dev/null; then
  fail "the WorkloadManager answers a client without a certificate"
fi
passed "the WorkloadManager refuses a client without a certificate"
# After SPIRE was switched on, old pods serve their last Routers for a while
patience={{ add .Values.workloadmanager.drainSeconds 30 }}
while answer "http://$workloadmanager:{{ .Values.workloadmanager.service.port }}/health" >/dev/null; do
  patience=$((patience - 1))
  [ "$patience" -gt 0 ] || fail "a WorkloadManager without TLS still answers"
  sleep 1
done
passed "no WorkloadManager without TLS is left"
{{- else if not .Values.networkPolicies.enabled }}

answer "http://$workloadmanager:{{ .Values.workloadmanager.service.port }}/health" >/dev/null ||
  fail "the WorkloadManager is not healthy"
passed "the WorkloadManager is healthy"
{{- end }}

# Only the WorkloadManager knows that there is no such runtime: a 404 has been there and back, a 500 has not
reply=$(answer --post-data '{}' "$router/v1/namespaces/{{ .Release.Namespace }}/agent-runtimes/helm-test-no-such-runtime/invocations/")
case "$reply" in
  *404*) passed "the Router reaches the WorkloadManager" ;;
  *401* | *403*) passed "the Router asks callers for a token, so the way to the WorkloadManager was not tried" ;;
  *) fail "the Router does not reach the WorkloadManager; it answers: $reply" ;;
esac
