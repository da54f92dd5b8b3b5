package templatestests

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// TestHelmTest runs the script of `helm test` as it is, with
// servers here in place of the release's.
func TestHelmTest(t *testing.T) {
	t.Parallel()
	secure := &tls.Config{MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAnyClientCert}
	well := fakes{ready: 200, invoked: 404, plain: true}
	wellOverTLS := fakes{ready: 200, invoked: 404, mtls: secure, agents: 3}
	for name, c := range map[string]struct {
		values string
		fakes  fakes
		says   string
		fails  bool
	}{
		"plain":                       {plain, well, "passed: the Router reaches the WorkloadManager", false},
		"mutual TLS":                  {spire, wellOverTLS, "passed: the WorkloadManager refuses a client without a certificate", false},
		"a Router that is not ready":  {plain, fakes{ready: 503, invoked: 404, plain: true}, "FAILED: the Router is not ready", true},
		"no WorkloadManager":          {plain, fakes{ready: 200, invoked: 404}, "FAILED: the WorkloadManager is not healthy", true},
		"a Router that reaches none":  {spire, fakes{ready: 200, invoked: 500, mtls: secure, agents: 3}, "FAILED: the Router does not reach the WorkloadManager; it answers 500", true},
		"a Router that wants a token": {spire, fakes{ready: 200, invoked: 401, mtls: secure, agents: 3}, "skipped: the Router asks callers for a token", false},
		"nobody at the port for mutual TLS": {spire, fakes{ready: 200, invoked: 404},
			"FAILED: the WorkloadManager does not refuse plain HTTP on its port for mutual TLS", true},
		"TLS without client certificates": {spire, fakes{ready: 200, invoked: 404, mtls: &tls.Config{MinVersion: tls.VersionTLS13}},
			"FAILED: the WorkloadManager does not ask a client for its certificate", true},
		"a WorkloadManager that hangs": {spire, fakes{ready: 200, hangs: true}, "FAILED: the WorkloadManager does not refuse plain HTTP", true},
		"a plain port left open": {spire, fakes{ready: 200, invoked: 404, mtls: secure, plain: true},
			"FAILED: a WorkloadManager without TLS still answers", true},
		"all agents ready":     {spire, wellOverTLS, "passed: 3 of 3 SPIRE agents are ready", false},
		"agents that start":    {spire, fakes{ready: 200, invoked: 404, mtls: secure, agents: 3, late: true}, "passed: 3 of 3 SPIRE agents are ready", false},
		"an agent that is not": {spire, fakes{ready: 200, invoked: 404, mtls: secure, agents: 2}, "FAILED: 2 of 3 SPIRE agents are ready", true},
		"an API server that does not tell": {spire, fakes{ready: 200, invoked: 404, mtls: secure, agents: -1},
			"FAILED: the API server does not say how many SPIRE agents are ready", true},
		"no agent on any node":         {spire, fakes{ready: 200, invoked: 404, mtls: secure}, "FAILED: 0 of 3 SPIRE agents are ready", true},
		"a SPIRE server that is ready": {spire, wellOverTLS, "passed: 1 of 1 SPIRE servers are ready", false},
		"no SPIRE server that is":      {spire, fakes{ready: 200, invoked: 404, mtls: secure, noServer: true, agents: 3}, "FAILED: 0 of 1 SPIRE servers are ready", true},
		"one SPIRE server of two": {`
redis: {addr: "redis:6379"}
spire: {enabled: true, server: {replicas: 2, dataStore: {type: postgres, connectionString: "host=db user=spire"}}}`, wellOverTLS, "FAILED: 1 of 2 SPIRE servers are ready", true},
		"NetworkPolicies": {spire + "\nnetworkPolicies: {enabled: true, nodeCIDRs: [10.0.0.0/8]}", fakes{ready: 200, invoked: 404, agents: 3},
			"skipped: networkPolicies.enabled", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := get[*corev1.ConfigMap](t, render(t, c.values), "agentcube-test").Data["test.sh"]
			said, err := c.fakes.run(t, script)
			assert.Equal(t, c.fails, err != nil, said)
			assert.Contains(t, said, c.says)
		})
	}
}

// fakes are the servers of a release.
type fakes struct {
	ready, invoked int         // what the Router answers
	plain          bool        // whether a WorkloadManager without TLS is there
	mtls           *tls.Config // of a WorkloadManager with it, if one is there
	hangs          bool        // the WorkloadManager with it accepts connections, as to the kubelet's probe, and says nothing
	noServer       bool        // the SPIRE server is not ready
	agents         int         // how many of three SPIRE agents are ready; below 0, the API server does not tell
	late           bool        // the API server says at first that one agent less is ready
}

// run runs the script and returns what it says.
func (f fakes) run(t *testing.T, script string) (string, error) {
	t.Helper()
	router := http.NewServeMux()
	router.HandleFunc("/health/live", func(http.ResponseWriter, *http.Request) {})
	router.HandleFunc("/health/ready", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(f.ready) })
	router.HandleFunc("/v1/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(f.invoked) })
	api := http.NewServeMux()
	workloads := "/apis/apps/v1/namespaces/agentcube/"
	api.HandleFunc(workloads+"statefulsets/spire-server", func(w http.ResponseWriter, _ *http.Request) {
		ready := "" // as the API server leaves it out if there is none
		if !f.noServer {
			ready = `,"readyReplicas":1`
		}
		_, _ = fmt.Fprintf(w, `{"kind":"StatefulSet","spec":{"template":{}},"status":{"replicas":1%s,"conditions":[{}]}}`, ready)
	})
	var asked atomic.Int32
	api.HandleFunc(workloads+"daemonsets/spire-agent", func(w http.ResponseWriter, _ *http.Request) {
		agents := f.agents
		if asked.Add(1) == 1 && f.late {
			agents--
		}
		if f.agents < 0 {
			w.WriteHeader(http.StatusForbidden)
		}
		_, _ = fmt.Fprintf(w, `{"kind":"DaemonSet","spec":{"template":{}},"status":{"currentNumberScheduled":3,"desiredNumberScheduled":3,"numberReady":%d}}`, agents)
	})
	manager := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

	ports := map[string]string{
		"agentcube-router.agentcube.svc:8080": serving(t, httptest.NewUnstartedServer(router), nil),
		"kubernetes.default.svc:443":          serving(t, httptest.NewUnstartedServer(api), &tls.Config{MinVersion: tls.VersionTLS12}),
		"workloadmanager.agentcube.svc:8080":  nobody(t),
		"workloadmanager.agentcube.svc:8443":  nobody(t),
	}
	if f.plain {
		ports["workloadmanager.agentcube.svc:8080"] = serving(t, httptest.NewUnstartedServer(manager), nil)
	}
	if f.mtls != nil {
		ports["workloadmanager.agentcube.svc:8443"] = serving(t, httptest.NewUnstartedServer(manager), f.mtls.Clone())
	}
	if f.hangs {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		ports["workloadmanager.agentcube.svc:8443"] = listener.Addr().String()
	}
	return shell(t, script, ports)
}
