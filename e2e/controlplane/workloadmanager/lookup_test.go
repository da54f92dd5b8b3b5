package workloadmanager

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/volcano-sh/agentcube/pkg/store"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/e2e/controlplane/mtls"
	"agentcube-mtls/internal/testca"
)

var managerID = spiffeid.RequireFromString("spiffe://cluster.local/ns/agentcube/sa/workloadmanager")

// withInformers is a WorkloadManager whose informers are synced with an API server of one runtime.
func withInformers(t testing.TB) (*Server, *apiServer) {
	t.Helper()
	api, kubernetes := newAPIServer(t)
	close(api.hold)
	cluster, controllers, err := Connect(t.Context(), kubernetes)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- controllers.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		assert.NoError(t, <-ended)
	})
	require.NoError(t, Synced(ctx, controllers.GetCache(), time.Minute))
	return New(&Config{Namespace: "agentcube"}, cluster, store.Storage(), nil), api
}

// post asks for a sandbox of a runtime.
func post(t testing.TB, caller *http.Client, url, name string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, url, strings.NewReader(`{"namespace":"team","name":"`+name+`"}`))
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	resp, err := caller.Do(req)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(body)
}

func TestLookUpsAskNoAPIServer(t *testing.T) {
	t.Parallel()
	server, api := withInformers(t)
	before := api.requests.Load()
	for range 200 { // more than the client may ask for in a second
		code, body := do(t, server, http.MethodPost, "/v1/agent-runtime", `{"namespace":"team","name":"nobody"}`)
		require.Equal(t, http.StatusNotFound, code, body)
	}
	assert.LessOrEqual(t, api.requests.Load()-before, int32(2), "watches may still begin")
	_, err := server.agentRuntime(t.Context(), interpreterKey)
	require.ErrorContains(t, err, "agent runtime not found")
	runtime, err := server.agentRuntime(t.Context(), client.ObjectKey{Namespace: "team", Name: "echo"})
	require.NoError(t, err)
	assert.Equal(t, "agent:1", runtime.pod.Containers[0].Image)
}

// BenchmarkLookUps asks for an unknown runtime over mTLS and one HTTP/2 connection, as a Router does.
func BenchmarkLookUps(b *testing.B) {
	server, _ := withInformers(b)
	ca := testca.New(b)
	open := func(id string) *mtls.Source {
		cert, key, bundle := ca.SVID(b, id).Write(b, b.TempDir(), ca)
		source, err := mtls.Open(b.Context(), b.Name(), mtls.Files{Cert: cert, Key: key, CA: bundle}, mtls.FileWait)
		require.NoError(b, err)
		return source
	}
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	require.NoError(b, err)
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	go func() { _ = server.Serve(ctx, listener, mtls.ServerConfig(open(managerID.String()), nil)) }()
	transport := &http.Transport{TLSClientConfig: mtls.ClientConfig(open("spiffe://cluster.local/ns/agentcube/sa/agentcube-router"), managerID), ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	router, url := &http.Client{Transport: transport}, "https://"+listener.Addr().String()+"/v1/agent-runtime"
	post(b, router, url, "nobody") // connects

	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if code, body := post(b, router, url, "nobody"); code != http.StatusNotFound {
				b.Error(code, body)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lookups/s")
}
