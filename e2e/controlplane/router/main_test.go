package router

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/volcano-sh/agentcube/pkg/common/types"
	agentcube "github.com/volcano-sh/agentcube/pkg/router"
	"github.com/volcano-sh/agentcube/pkg/store"

	"agentcube-mtls/e2e/controlplane/internal/testlog"
	"agentcube-mtls/e2e/controlplane/internal/teststore"
	"agentcube-mtls/e2e/controlplane/internal/wire"
	"agentcube-mtls/e2e/controlplane/serve"
	"agentcube-mtls/e2e/controlplane/sessions"
)

const (
	agentURL       = "/v1/namespaces/team/agent-runtimes/echo/invocations/hello"
	interpreterURL = "/v1/namespaces/team/code-interpreters/py/invocations/api/execute"
)

var logged = testlog.Capture()

func TestMain(m *testing.M) { teststore.Main(m) }

// newRouter is a Router for this configuration, with a store and a key.
func newRouter(t *testing.T, c Config) (*Server, *agentcube.JWTManager) {
	t.Helper()
	signer, err := agentcube.NewJWTManager()
	require.NoError(t, err)
	router, err := New(t.Context(), &c, store.Storage(), sessions.NewOwners(), signer)
	require.NoError(t, err)
	return router, signer
}

// fakeManager answers like a WorkloadManager whose every sandbox listens at endpoint, and counts what
// it was asked.
type fakeManager struct {
	status   int
	kind     string // of its sandboxes
	endpoint string
	session  string

	mu       sync.Mutex
	requests []types.CreateSandboxRequest
	paths    []string
	tokens   []string
	users    []string
}

func (f *fakeManager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var request types.CreateSandboxRequest
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		serve.JSON(w, http.StatusBadRequest, err.Error())
		return
	}
	f.requests = append(f.requests, request)
	f.paths = append(f.paths, r.URL.Path)
	f.tokens = append(f.tokens, r.Header.Get("Authorization"))
	f.users = append(f.users, r.Header.Get(wire.UserIdentity))
	serve.JSON(w, f.status, wire.Created{Kind: f.kind, CreateSandboxResponse: types.CreateSandboxResponse{
		SessionID: f.session, SandboxID: "uid", SandboxName: "echo-12345678",
		EntryPoints: []types.SandboxEntryPoint{{Path: "/", Protocol: "HTTP", Endpoint: f.endpoint}},
	}})
}

// routerWith is a Router in front of this manager.
func routerWith(t *testing.T, manager http.Handler) (*Server, *agentcube.JWTManager) {
	t.Helper()
	return newRouter(t, Config{WorkloadManagerURL: listenPlain(t, manager)})
}

// listenPlain serves plain HTTP until the test ends and returns the URL.
func listenPlain(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// sandbox is a server that plays a sandbox; it returns host:port.
func sandbox(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	return strings.TrimPrefix(listenPlain(t, handler), "http://")
}

// call sends a request to the Router and returns status, headers and body.
func call(t *testing.T, router *Server, method, url string, header map[string]string) (int, http.Header, string) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, url, strings.NewReader("{}"))
	for name, value := range header {
		req.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	router.Handler().ServeHTTP(recorder, req)
	body, err := io.ReadAll(recorder.Body)
	require.NoError(t, err)
	return recorder.Code, recorder.Header(), string(body)
}

// remember stores a session, until the test ends, as the WorkloadManager does.
func remember(t *testing.T, session, endpoint string) {
	t.Helper()
	info := &types.SandboxInfo{
		Kind: types.SandboxKind, Name: "echo-12345678", SandboxNamespace: "team", SessionID: session,
		ExpiresAt:   time.Now().Add(time.Hour),
		EntryPoints: []types.SandboxEntryPoint{{Path: "/", Protocol: "HTTP", Endpoint: endpoint}},
	}
	require.NoError(t, store.Storage().StoreSandbox(t.Context(), info))
	t.Cleanup(func() { assert.NoError(t, store.Storage().DeleteSandboxBySessionID(context.Background(), session)) })
}

// listen serves on the address until the test ends or stop is called.
func listen(t *testing.T, address string, handler http.Handler, config *tls.Config) (actual string, stop func()) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var served sync.WaitGroup
	served.Go(func() {
		assert.NoError(t, serve.HTTP(ctx, listener, handler, serve.Options{TLS: config, Drain: time.Minute}))
	})
	stop = func() { cancel(); served.Wait() }
	t.Cleanup(stop)
	return listener.Addr().String(), stop
}
