// Package workloadmanager is AgentCube's WorkloadManager: it makes a Sandbox of agents.x-k8s.io for
// each session of an AgentRuntime or CodeInterpreter, waits until it accepts connections, keeps the
// session in the store, and deletes what has expired or gone idle.
//
// It follows AgentRuntimes and CodeInterpreters with informers, and keeps the warm pools that
// CodeInterpreters ask for; their sessions get a SandboxClaim.
package workloadmanager

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/volcano-sh/agentcube/pkg/api"
	"github.com/volcano-sh/agentcube/pkg/common/types"
	"github.com/volcano-sh/agentcube/pkg/store"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/e2e/controlplane/serve"
)

// maxBody is the most that a request may carry, in bytes; real ones are tiny.
const maxBody = 1 << 20

// Server answers the WorkloadManager's HTTP API.
type Server struct {
	config  *Config
	cluster *Cluster
	store   store.Store
	owners  owners

	routerKey atomic.Pointer[string] // nil until there is one
}

// New returns a WorkloadManager that works with this cluster, whose client must know Scheme, and
// this store.
func New(c *Config, cluster *Cluster, sessions store.Store, owners owners) *Server {
	return &Server{config: c, cluster: cluster, store: sessions, owners: owners}
}

// Handler is AgentCube's HTTP API.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		serve.JSON(w, http.StatusOK, map[string]string{"status": "healthy"})
	})
	v1 := http.NewServeMux()
	for path, kind := range map[string]string{
		"/v1/agent-runtime":    types.AgentRuntimeKind,
		"/v1/code-interpreter": types.CodeInterpreterKind,
	} {
		v1.HandleFunc("POST "+path, s.handleCreate(kind))
		v1.HandleFunc("DELETE "+path+"/sessions/{session}", s.handleDelete)
	}
	if s.config.EnableAuth {
		mux.Handle("/v1/", s.authenticated(v1))
	} else {
		mux.Handle("/v1/", v1)
	}
	return serve.WithoutHead(mux)
}

func (s *Server) handleCreate(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request types.CreateSandboxRequest
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&request); err != nil {
			refuse(w, http.StatusBadRequest, "invalid request body")
			return
		}
		request.Kind = kind
		if err := request.Validate(); err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		owner, err := s.owner(r)
		if err != nil {
			klog.Warningf("Refused %s %s from %s: %v", r.Method, r.URL.Path, r.RemoteAddr, err)
			refuse(w, http.StatusUnauthorized, "invalid user identity")
			return
		}
		created, err := s.launch(r.Context(), request, owner)
		switch {
		case err == nil:
			serve.JSON(w, http.StatusOK, created)
		case errors.Is(err, api.ErrAgentRuntimeNotFound), errors.Is(err, api.ErrCodeInterpreterNotFound):
			refuse(w, http.StatusNotFound, err.Error())
		default:
			klog.Errorf("Making sandbox for %s %s/%s: %v", kind, request.Namespace, request.Name, err)
			refuse(w, http.StatusInternalServerError, "internal server error")
		}
	}
}

func (s *Server) handleDelete(w http.ResponseWriter, r *http.Request) {
	session := r.PathValue("session")
	sandbox, err := s.store.GetSandboxBySessionID(r.Context(), session)
	if errors.Is(err, store.ErrNotFound) {
		refuse(w, http.StatusNotFound, fmt.Sprintf("session %s not found, maybe already deleted", session))
		return
	}
	if err == nil {
		var cluster client.Client
		if cluster, err = s.onBehalf(r.Context()); err == nil {
			err = s.remove(r.Context(), cluster, sandbox)
		}
	}
	if err != nil {
		klog.Errorf("Deleting session %s: %v", session, err)
		refuse(w, http.StatusInternalServerError, "internal server error")
		return
	}
	serve.JSON(w, http.StatusOK, map[string]string{"message": "Sandbox deleted successfully"})
}

func refuse(w http.ResponseWriter, status int, message string) {
	serve.JSON(w, status, map[string]string{"message": message})
}
