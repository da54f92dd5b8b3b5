package workloadmanager

import (
	"context"
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
	"github.com/volcano-sh/agentcube/pkg/store"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// pinged is a store that is there or not, and counts how often it was asked.
type pinged struct {
	store.Store
	err   error
	asked atomic.Int32
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

// Informers are waited for, and then the store is asked once.
func TestStartOrder(t *testing.T) {
	t.Parallel()
	api, kubernetes := newAPIServer(t)
	config := &Config{Port: freePort(t), Namespace: "agentcube"}
	sessions := &pinged{Store: store.Storage()}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, config, kubernetes, sessions) }()
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
	stop()
	require.NoError(t, <-ended)
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
