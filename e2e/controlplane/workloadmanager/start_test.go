package workloadmanager

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	runtimev1alpha1 "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	"github.com/volcano-sh/agentcube/pkg/common/types"
	"github.com/volcano-sh/agentcube/pkg/store"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"agentcube-mtls/internal/testca"
)

// pinged is a store that is there or not, and counts how often it was asked, and how often a sweep
// asked it for expired sessions.
type pinged struct {
	store.Store
	err    error
	asked  atomic.Int32
	sweeps atomic.Int32
}

func (p *pinged) ListExpiredSandboxes(context.Context, time.Time, int64) ([]*types.SandboxInfo, error) {
	p.sweeps.Add(1)
	return nil, nil
}

func (p *pinged) Ping(context.Context) error {
	p.asked.Add(1)
	return p.err
}

// freePort is a port where nothing listens yet.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// start runs the program, and returns what stops it, which must succeed.
func start(t *testing.T, config *Config, kubernetes *rest.Config, sessions store.Store) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, config, kubernetes, sessions) }()
	return func() {
		t.Helper()
		cancel()
		require.NoError(t, <-ended)
	}
}

// Informers are waited for, and then the store is asked once. Warm pools, the Router's key and
// sweeps follow.
func TestStartOrder(t *testing.T) {
	t.Parallel()
	api, kubernetes := newAPIServer(t)
	config := &Config{Port: freePort(t), Namespace: "agentcube"}
	sessions := &pinged{Store: store.Storage()}
	stop := start(t, config, kubernetes, sessions)
	health := func() string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+config.Port+"/health", nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return ""
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return string(body)
	}
	require.Eventually(t, func() bool { return api.requests.Load() >= 2 }, time.Minute, time.Millisecond, "nobody lists")
	assert.Zero(t, sessions.asked.Load(), "the store was asked before the informers were synced")
	assert.Empty(t, health(), "it listens before the informers are synced")

	close(api.hold)
	require.Eventually(t, func() bool { return health() != "" }, time.Minute, time.Millisecond)
	assert.JSONEq(t, `{"status":"healthy"}`, health())
	assert.Equal(t, int32(1), sessions.asked.Load())
	assert.True(t, logged.Has("kv store Ping check successfully"))

	api.requireAsked(t, "GET /api/v1/namespaces/agentcube/secrets/picod-router-identity")
	api.requireAsked(t, "POST /apis/extensions.agents.x-k8s.io/v1alpha1/namespaces/team/sandboxtemplates")
	require.Eventually(t, func() bool { return sessions.sweeps.Load() > 0 }, time.Minute, 10*time.Millisecond, "no session is swept")
	stop()
}

// With certificate files, the program that has started lets in only clients with a certificate.
func TestStartWithMutualTLS(t *testing.T) {
	t.Parallel()
	api, kubernetes := newAPIServer(t)
	close(api.hold)
	ca := testca.New(t)
	cert, key, bundle := ca.SVID(t, "spiffe://cluster.local/ns/agentcube/sa/workloadmanager").Write(t, t.TempDir(), ca)
	config := &Config{Port: freePort(t), Namespace: "agentcube", EnableTLS: true, TLSCert: cert, TLSKey: key, TLSCA: bundle}
	stop := start(t, config, kubernetes, &pinged{Store: store.Storage()})
	dial := func(certificates ...tls.Certificate) error {
		dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, Certificates: certificates}}
		conn, err := dialer.DialContext(t.Context(), "tcp", "127.0.0.1:"+config.Port)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		_, err = io.WriteString(conn, "GET /health HTTP/1.0\r\n\r\n")
		if err != nil {
			return err
		}
		_, err = io.ReadAll(conn)
		return err
	}
	client := ca.SVID(t, "spiffe://cluster.local/ns/agentcube/sa/agentcube-router").TLS(t)
	require.Eventually(t, func() bool { return dial(client) == nil }, time.Minute, 10*time.Millisecond, "it does not let in a client of its CA")
	require.ErrorContains(t, dial(), "certificate required")
	require.ErrorContains(t, dial(testca.New(t).SVID(t, "spiffe://cluster.local/ns/agentcube/sa/agentcube-router").TLS(t)), "bad certificate")
	stop()
}

// The WorkloadManager ends without its store.
func TestStoreGone(t *testing.T) {
	t.Parallel()
	api, kubernetes := newAPIServer(t)
	close(api.hold)
	absent := &pinged{Store: store.Storage(), err: io.ErrClosedPipe}
	err := Run(t.Context(), &Config{Port: freePort(t), Namespace: "agentcube"}, kubernetes, absent)
	require.ErrorIs(t, err, io.ErrClosedPipe)
	assert.Equal(t, int32(1), absent.asked.Load())
}

// The WorkloadManager stops waiting for informers.
func TestInformersGone(t *testing.T) {
	t.Parallel()
	_, kubernetes := newAPIServer(t) // which answers no list
	_, controllers, err := Connect(t.Context(), kubernetes)
	require.NoError(t, err)
	go func() { _ = controllers.Start(t.Context()) }()
	require.ErrorContains(t, Synced(t.Context(), controllers.GetCache(), 50*time.Millisecond), "not synced after 50ms")
	assert.Equal(t, time.Minute, InformerWait)
}

// The WorkloadManager waits for the informers of all that AgentCube's reads.
func TestInformersWithoutRights(t *testing.T) {
	t.Parallel()
	for _, path := range []string{runtimesPath + "/agentruntimes", runtimesPath + "/codeinterpreters", "/api/v1/pods"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			api, kubernetes := newAPIServer(t)
			api.refused = path
			close(api.hold)
			_, controllers, err := Connect(t.Context(), kubernetes)
			require.NoError(t, err)
			go func() { _ = controllers.Start(t.Context()) }()
			require.ErrorContains(t, Synced(t.Context(), controllers.GetCache(), time.Second), "not synced")
		})
	}
}

func TestAStopEndsTheWaitForInformers(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Synced(ctx, never{}, time.Hour), context.Canceled)
}

// never is informers that are not synced before the wait ends.
type never struct{}

func (never) WaitForCacheSync(ctx context.Context) bool {
	<-ctx.Done()
	return false
}

func TestWorkloadManagerDrains(t *testing.T) {
	t.Parallel()
	reached, finish := make(chan struct{}), make(chan struct{})
	slow := interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.CreateOption) error {
		close(reached)
		<-finish
		return c.Create(ctx, o, options...)
	}}
	runtime := agentRuntime(runtimev1alpha1.TargetPort{Port: accepting(t), Protocol: runtimev1alpha1.ProtocolTypeHTTP})
	server := newServer(Config{}, cluster(t, ready, slow, runtime))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(ctx, listener, nil) }()
	status := make(chan int, 1)
	go func() {
		code, _ := post(t, http.DefaultClient, "http://"+listener.Addr().String()+"/v1/agent-runtime", "echo")
		status <- code
	}()
	<-reached
	stop()
	select {
	case err := <-stopped:
		t.Fatal("stopped with a creation in flight", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(finish)
	assert.Equal(t, http.StatusOK, <-status)
	require.NoError(t, <-stopped)
	assert.Equal(t, 15*time.Second, drain)
	assert.Equal(t, 15*time.Second, readTimeout)
}
