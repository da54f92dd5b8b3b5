// Package router is AgentCube's Router: it takes invocations of agent runtimes
// and code interpreters, has the WorkloadManager make a sandbox for those that
// bring no session, and forwards them there.
//
// Toward the WorkloadManager it speaks mTLS where certificate files are named.
// Toward sandboxes it speaks plain HTTP with a signed token, by design: user
// containers stay free of SPIRE and start fast.
package router

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/volcano-sh/agentcube/pkg/api"
	"github.com/volcano-sh/agentcube/pkg/common/types"
	"github.com/volcano-sh/agentcube/pkg/store"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/klog/v2"

	"agentcube-mtls/e2e/controlplane/serve"
)

// sessionHeader carries the session id both ways.
const sessionHeader = "x-agentcube-session-id"

// signer signs the token that a sandbox verifies the Router by.
type signer interface {
	GenerateToken(claims map[string]any) (string, error)
}

// Server answers the Router's HTTP API.
type Server struct {
	config  *Config
	store   store.Store
	owners  owners
	issuer  *issuer // nil lets everybody in
	manager *manager
	signer  signer
	sandbox *http.Transport
	connect func(ctx context.Context, network, address string) (net.Conn, error) // ahead of each request to a sandbox
}

// New prepares the Router: it asks the issuer, where there is one, for its keys, and waits for the
// certificate files, where there are any, which it follows until ctx is done.
func New(ctx context.Context, c *Config, sessions store.Store, owners owners, signer signer) (*Server, error) {
	issuer, err := discover(ctx, c.JWT)
	if err != nil {
		return nil, err
	}
	manager, err := newManager(ctx, c, signer)
	if err != nil {
		return nil, err
	}
	return &Server{
		config: c, store: sessions, owners: owners, issuer: issuer, manager: manager, signer: signer, sandbox: &http.Transport{},
		connect: (&net.Dialer{Timeout: c.DialTimeout}).DialContext,
	}, nil
}

// Handler is AgentCube's HTTP API.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	health := func(status string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			serve.JSON(w, http.StatusOK, map[string]string{"status": status})
		}
	}
	mux.HandleFunc("GET /health/live", health("alive"))
	mux.HandleFunc("GET /health/ready", health("ready"))

	invocations := http.NewServeMux()
	for resource, kind := range map[string]string{
		"agent-runtimes":    types.AgentRuntimeKind,
		"code-interpreters": types.CodeInterpreterKind,
	} {
		path := "/v1/namespaces/{namespace}/" + resource + "/{name}/invocations/{path...}"
		invocations.HandleFunc("GET "+path, s.invoke(kind))
		invocations.HandleFunc("POST "+path, s.invoke(kind))
	}
	mux.Handle("/v1/", limit(s.config.MaxConcurrentRequests, s.issuer.authenticate(invocations)))
	return serve.WithoutHead(mux)
}

// defaultConcurrency is how many requests are served at once where no limit, or 0, is given.
const defaultConcurrency = 1000

// limit refuses with 429 what exceeds this many requests at once.
func limit(concurrent int, next http.Handler) http.Handler {
	if concurrent <= 0 {
		concurrent = defaultConcurrency
	}
	slots := make(chan struct{}, concurrent)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			next.ServeHTTP(w, r)
		default:
			serve.JSON(w, http.StatusTooManyRequests, map[string]string{
				"error": "server overloaded, please try again later",
				"code":  "SERVER_OVERLOADED",
			})
		}
	})
}

// invoke finds or makes the caller's sandbox and forwards the request to it.
func (s *Server) invoke(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session := r.Header.Get(sessionHeader)
		sandbox, err := s.find(r.Context(), session, r.PathValue("namespace"), r.PathValue("name"), kind)
		if err != nil {
			klog.Errorf("Finding sandbox for %s (session %q): %v", r.URL.Path, session, err)
			refuse(w, err)
			return
		}
		// At both ends, so that a long request does not look like a long silence. AgentCube's Router
		// notes the second one only for a client that has stayed.
		s.touch(r.Context(), sandbox.SessionID)
		s.forward(w, r, sandbox)
		s.touch(r.Context(), sandbox.SessionID)
	}
}

// find returns the sandbox of the caller's session, or a new one where session is empty. The store is
// asked once: one that does not answer fails the request.
func (s *Server) find(ctx context.Context, session, namespace, name, kind string) (*types.SandboxInfo, error) {
	if session == "" {
		return s.manager.create(ctx, namespace, name, kind)
	}
	sandbox, err := s.store.GetSandboxBySessionID(ctx, session)
	if errors.Is(err, store.ErrNotFound) {
		return nil, api.NewSessionNotFoundError(session)
	}
	if err != nil {
		return nil, fmt.Errorf("looking up session: %w", err)
	}
	return sandbox, s.allow(ctx, session)
}

func (s *Server) touch(ctx context.Context, session string) {
	if err := s.store.UpdateSessionLastActivity(ctx, session, time.Now()); err != nil {
		klog.Warningf("Noting activity of session %s: %v", session, err)
	}
}

// refuse answers with the status that the error carries, else 500. What went
// wrong inside is for the log and not for the caller.
func refuse(w http.ResponseWriter, err error) {
	code, message := http.StatusInternalServerError, "internal server error"
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Code != http.StatusInternalServerError {
		code, message = int(status.Status().Code), status.Status().Message
	}
	serve.JSON(w, code, map[string]string{"error": message})
}
