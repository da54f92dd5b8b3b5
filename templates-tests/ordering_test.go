package templatestests

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
)

// A new Router starts once a WorkloadManager of its mode accepts connections.
func TestRouterWaits(t *testing.T) {
	t.Parallel()
	for mode, c := range map[string]struct {
		values, target string
	}{
		"plain": {plain, "nc workloadmanager.agentcube.svc 8080 "},
		"SPIRE": {spire, "nc workloadmanager.agentcube.svc 8443 "},
	} {
		spec := get[*appsv1.Deployment](t, render(t, c.values), "agentcube-router").Spec.Template.Spec
		require.NotEmpty(t, spec.InitContainers, mode)
		wait := spec.InitContainers[len(spec.InitContainers)-1]
		assert.Equal(t, "wait-for-workloadmanager", wait.Name, mode)
		assert.Nil(t, wait.RestartPolicy, "it ends before the Router starts")
		assert.Contains(t, wait.Command[2], c.target, mode)
		assert.Contains(t, wait.Command[2], "end=$(($(date +%s) + 300))\n", "the wait is bounded")
	}
}

// twoServers are values for two SPIRE servers on one database.
const twoServers = "spire: {server: {replicas: 2, dataStore: {type: postgres, connectionString: host=db user=spire}}}"

// One server after the other meets an empty database.
func TestServersStartInOrder(t *testing.T) {
	t.Parallel()
	spec := get[*appsv1.StatefulSet](t, render(t, spire, twoServers), "spire-server").Spec.Template.Spec
	require.Len(t, spec.InitContainers, 1)
	wait := spec.InitContainers[0]
	assert.Equal(t, "wait-for-first-server", wait.Name)
	for pod, c := range map[string]struct{ answers, want int }{"spire-server-0": {0, 0}, "spire-server-1": {3, 3}, "spire-server-10": {3, 3}} {
		calls := 0
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html") // of a proxy
			if calls++; calls == c.answers {
				w.Header().Set("Content-Type", "application/grpc")
			}
		}))
		server.EnableHTTP2 = true
		said, err := shell(t, "HOSTNAME="+pod+"\n"+wait.Command[2], map[string]string{"spire-server.agentcube.svc:8081": serving(t, server, &tls.Config{})})
		require.NoError(t, err, said)
		assert.Equal(t, c.want, calls, "%s asks until a server answers", pod)
	}
	alone := get[*appsv1.StatefulSet](t, render(t, spire), "spire-server").Spec.Template.Spec
	assert.Empty(t, alone.InitContainers, "one server has nobody to wait for")
}

// A server that finds no other starts anyway.
func TestFirstServerStarts(t *testing.T) {
	t.Parallel()
	wait := get[*appsv1.StatefulSet](t, render(t, spire, twoServers), "spire-server").Spec.Template.Spec.InitContainers[0]
	said, err := shell(t, passingMinutes+"HOSTNAME=spire-server-1\n"+wait.Command[2], map[string]string{"spire-server.agentcube.svc:8081": nobody(t)})
	require.NoError(t, err, said)
	assert.Equal(t, "no SPIRE server is ready: this one starts anyway\n", said)
}
