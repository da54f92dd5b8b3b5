package router

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/volcano-sh/agentcube/pkg/common/types"
	"github.com/volcano-sh/agentcube/pkg/store"
)

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// The first call makes a sandbox and returns its session.
func TestFirstCall(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ url, path, kind, runtime, seen string }{
		"agent runtime":    {agentURL, "/v1/agent-runtime", types.AgentRuntimeKind, "echo", "/hello"},
		"code interpreter": {interpreterURL, "/v1/code-interpreter", types.CodeInterpreterKind, "py", "/api/execute"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint := sandbox(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.Method + r.URL.String())) })
			manager := &fakeManager{status: http.StatusOK, endpoint: endpoint, session: "new-" + test.runtime}
			router, _ := routerWith(t, manager)

			code, header, body := call(t, router, http.MethodPost, test.url+"?q=1", nil)
			assert.Equal(t, http.StatusOK, code)
			assert.Equal(t, "POST"+test.seen+"?q=1", body)
			assert.Equal(t, "new-"+test.runtime, header.Get("x-agentcube-session-id"))
			assert.Equal(t, []string{test.path}, manager.paths)
			assert.Equal(t, []types.CreateSandboxRequest{{Kind: test.kind, Name: test.runtime, Namespace: "team"}}, manager.requests)
		})
	}
}

// A known session goes to its sandbox and counts as active.
func TestKnownSession(t *testing.T) {
	t.Parallel()
	endpoint := sandbox(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("mine")) })
	remember(t, "known", endpoint)
	longAgo := time.Now().Add(-time.Hour)
	require.NoError(t, store.Storage().UpdateSessionLastActivity(t.Context(), "known", longAgo))
	manager := &fakeManager{}
	router, _ := routerWith(t, manager)

	code, header, body := call(t, router, http.MethodGet, agentURL, map[string]string{"X-Agentcube-Session-Id": "known"})
	assert.Equal(t, http.StatusOK, code)
	assert.Equal(t, "mine", body)
	assert.Equal(t, "known", header.Get("x-agentcube-session-id"))
	assert.Empty(t, manager.requests)
	silent, err := store.Storage().ListInactiveSandboxes(t.Context(), longAgo.Add(time.Minute), 100)
	require.NoError(t, err)
	assert.Empty(t, silent)
}

// A client that goes away does not prolong its session.
func TestActivityOfAClientThatHasGone(t *testing.T) {
	t.Parallel()
	longAgo := time.Now().Add(-time.Hour)
	ctx, goAway := context.WithCancel(t.Context())
	remember(t, "gone", sandbox(t, func(http.ResponseWriter, *http.Request) {
		assert.NoError(t, store.Storage().UpdateSessionLastActivity(t.Context(), "gone", longAgo))
		goAway()
	}))
	router, _ := routerWith(t, &fakeManager{})
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, agentURL, nil)
	request.Header.Set(sessionHeader, "gone")
	router.Handler().ServeHTTP(httptest.NewRecorder(), request)
	silent, err := store.Storage().ListInactiveSandboxes(t.Context(), longAgo.Add(time.Minute), 100)
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(silent, func(s *types.SandboxInfo) bool { return s.SessionID == "gone" }))
}

// The URL of the WorkloadManager is taken as it is: with a slash at its end nothing is found there.
func TestManagerURLIsTakenAsItIs(t *testing.T) {
	t.Parallel()
	manager := &fakeManager{status: http.StatusNotFound}
	router, _ := newRouter(t, Config{WorkloadManagerURL: listenPlain(t, manager) + "/"})
	call(t, router, http.MethodPost, agentURL, nil)
	assert.Equal(t, []string{"//v1/agent-runtime"}, manager.paths)
}

// lateStore answers from the second look-up on.
type lateStore struct {
	store.Store
	asked atomic.Int32
}

func (s *lateStore) GetSandboxBySessionID(ctx context.Context, session string) (*types.SandboxInfo, error) {
	if s.asked.Add(1) == 1 {
		return nil, os.ErrDeadlineExceeded
	}
	return s.Store.GetSandboxBySessionID(ctx, session)
}

func TestStoreIsAskedOnceForASession(t *testing.T) {
	t.Parallel()
	router, _ := routerWith(t, &fakeManager{})
	late := &lateStore{Store: router.store}
	router.store = late
	code, _, _ := call(t, router, http.MethodPost, agentURL, map[string]string{sessionHeader: "any"})
	assert.Equal(t, http.StatusInternalServerError, code)
	assert.Equal(t, int32(1), late.asked.Load())
}

// A sandbox gets the Router's token and not the caller's.
func TestSandboxToken(t *testing.T) {
	t.Parallel()
	seen := make(chan http.Header, 1)
	endpoint := sandbox(t, func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header })
	router, signer := routerWith(t, &fakeManager{status: http.StatusOK, kind: types.SandboxKind, endpoint: endpoint, session: "signed"})
	code, _, _ := call(t, router, http.MethodPost, agentURL, map[string]string{"Authorization": "Bearer callers-own", "X-Forwarded-For": "203.0.113.9"})
	require.Equal(t, http.StatusOK, code)

	header := <-seen
	pem, err := signer.GetPublicKeyPEM()
	require.NoError(t, err)
	key, err := jwt.ParseRSAPublicKeyFromPEM(pem)
	require.NoError(t, err)
	token, err := jwt.Parse(header.Get("Authorization")[len("Bearer "):], func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired())
	require.NoError(t, err)
	assert.Equal(t, "signed", token.Claims.(jwt.MapClaims)["session_id"])
	assert.Equal(t, "203.0.113.9, 192.0.2.1", header.Get("X-Forwarded-For"))
}

// An answer without kind gets no token.
func TestAnswerWithoutKind(t *testing.T) {
	t.Parallel()
	seen := make(chan http.Header, 1)
	endpoint := sandbox(t, func(_ http.ResponseWriter, r *http.Request) { seen <- r.Header })
	router, _ := routerWith(t, &fakeManager{status: http.StatusOK, endpoint: endpoint, session: "unsigned"})
	code, _, _ := call(t, router, http.MethodPost, agentURL, map[string]string{"Authorization": "Bearer callers-own"})
	require.Equal(t, http.StatusOK, code)
	assert.Empty(t, (<-seen).Get("Authorization"))
}

// The WorkloadManager gets the ServiceAccount token as it is now.
func TestServiceAccountToken(t *testing.T) {
	t.Parallel()
	manager := &fakeManager{status: http.StatusNotFound}
	router, _ := routerWith(t, manager)
	router.manager.tokenFile = filepath.Join(t.TempDir(), "token")
	for _, token := range []string{"first", "renewed"} {
		require.NoError(t, os.WriteFile(router.manager.tokenFile, []byte(token+"\n"), 0o600))
		call(t, router, http.MethodGet, agentURL, nil)
	}
	assert.Equal(t, []string{"Bearer first", "Bearer renewed"}, manager.tokens)
}

// Failures have the contract's status.
func TestFailureStatus(t *testing.T) {
	t.Parallel()
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for name, test := range map[string]struct {
		manager http.Handler
		session string // empty makes a sandbox
		want    int
	}{
		"unknown runtime":          {&fakeManager{status: http.StatusNotFound}, "", http.StatusNotFound},
		"WorkloadManager fails":    {&fakeManager{status: http.StatusInternalServerError}, "", http.StatusInternalServerError},
		"WorkloadManager refuses":  {&fakeManager{status: http.StatusUnauthorized}, "", http.StatusInternalServerError},
		"WorkloadManager hangs up": {http.HandlerFunc(hangUp), "", http.StatusInternalServerError},
		"no session id":            {&fakeManager{status: http.StatusOK}, "", http.StatusInternalServerError},
		"unknown session":          {&fakeManager{}, "never-made", http.StatusNotFound},
		"nothing listens":          {&fakeManager{}, "closed", http.StatusBadGateway},
		"sandbox hangs up":         {&fakeManager{}, "aborts", http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			switch test.session {
			case "closed":
				remember(t, test.session, closedPort(t))
			case "aborts":
				remember(t, test.session, sandbox(t, hangUp))
			}
			router, _ := routerWith(t, test.manager)
			code, _, body := call(t, router, http.MethodPost, agentURL, map[string]string{sessionHeader: test.session})
			assert.Equal(t, test.want, code)
			assert.Contains(t, body, `"error"`)
			assert.NotContains(t, body, "127.0.0.1", "addresses inside the cluster are not for callers")
		})
	}
}

func TestManagerThatIsNotThereIs500(t *testing.T) {
	t.Parallel()
	router, _ := newRouter(t, Config{WorkloadManagerURL: "http://" + closedPort(t)})
	code, _, _ := call(t, router, http.MethodPost, agentURL, nil)
	assert.Equal(t, http.StatusInternalServerError, code)
}

// Overload is answered with 429, and health still answers.
func TestOverload(t *testing.T) {
	t.Parallel()
	arrived, finish := make(chan struct{}), make(chan struct{})
	remember(t, "slow", sandbox(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-finish }))
	router, _ := newRouter(t, Config{WorkloadManagerURL: "http://unused", MaxConcurrentRequests: 1})
	address, _ := listen(t, "127.0.0.1:0", router.Handler(), nil)
	get := func(path string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			t.Error(err)
			return 0
		}
		req.Header.Set(sessionHeader, "slow")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return 0
		}
		assert.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	first := make(chan int)
	go func() { first <- get(agentURL) }()
	select {
	case <-arrived:
	case code := <-first:
		t.Fatalf("answered %d without reaching the sandbox", code)
	}
	assert.Equal(t, http.StatusTooManyRequests, get(agentURL))
	assert.Equal(t, http.StatusOK, get("/health/live"))
	assert.Equal(t, http.StatusOK, get("/health/ready"))
	close(finish)
	assert.Equal(t, http.StatusOK, <-first)
}

// Without a limit a thousand are served at once.
func TestNoLimit(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{})
	handler := limit(0, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-finish }))
	send := func() int {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		return recorder.Code
	}
	codes := make(chan int, 1001)
	for range 1001 {
		go func() { codes <- send() }()
	}
	assert.Equal(t, http.StatusTooManyRequests, <-codes, "the only one that does not wait")
	close(finish)
	for range 1000 {
		assert.Equal(t, http.StatusOK, <-codes)
	}
}

// Health answers in the contract's words.
func TestHealth(t *testing.T) {
	t.Parallel()
	router, _ := routerWith(t, &fakeManager{})
	for path, want := range map[string]string{"/health/live": `{"status":"alive"}`, "/health/ready": `{"status":"ready"}`} {
		code, _, body := call(t, router, http.MethodGet, path, nil)
		assert.Equal(t, http.StatusOK, code)
		assert.JSONEq(t, want, body)
	}
}

// Only GET and POST reach a sandbox.
func TestMethods(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	remember(t, "methods", sandbox(t, func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	router, _ := routerWith(t, &fakeManager{})
	for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		code, _, _ := call(t, router, method, agentURL, map[string]string{sessionHeader: "methods"})
		assert.GreaterOrEqual(t, code, http.StatusBadRequest, method)
		code, _, _ = call(t, router, method, "/health/ready", nil)
		assert.GreaterOrEqual(t, code, http.StatusBadRequest, method)
	}
	assert.Zero(t, reached.Load())
}

func TestUnknownRuntimeIsNamed(t *testing.T) {
	t.Parallel()
	router, _ := routerWith(t, &fakeManager{status: http.StatusNotFound})
	code, _, body := call(t, router, http.MethodPost, agentURL, nil)
	assert.Equal(t, http.StatusNotFound, code)
	assert.Contains(t, body, "team/echo")
}

// A short prefix that comes first hides longer ones.
func TestEntryPoint(t *testing.T) {
	t.Parallel()
	points := []types.SandboxEntryPoint{
		{Path: "/web", Protocol: "HTTP", Endpoint: "web:80"},
		{Path: "/api/v2", Protocol: "HTTPS", Endpoint: "v2:443"},
		{Path: "/api", Protocol: "HTTP", Endpoint: "api:80"},
		{Path: "/api/v3", Protocol: "HTTP", Endpoint: "v3:80"},
	}
	for path, want := range map[string]string{
		"/api/x":    "http://api:80",
		"/api/v2/x": "https://v2:443",
		"/api/v3/x": "http://api:80",
		"/web":      "http://web:80",
		"/other":    "http://web:80",
	} {
		target, err := entryPoint(points, path)
		require.NoError(t, err)
		assert.Equal(t, want, target.String(), path)
	}
	_, err := entryPoint(nil, "/")
	require.ErrorContains(t, err, "no entry point found")
}
