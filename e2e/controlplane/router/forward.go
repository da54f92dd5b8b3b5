package router

import (
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"

	"github.com/volcano-sh/agentcube/pkg/common/types"
	"k8s.io/klog/v2"

	"agentcube-mtls/e2e/controlplane/serve"
)

// forward passes the request on to the sandbox and its answer back.
func (s *Server) forward(w http.ResponseWriter, r *http.Request, sandbox *types.SandboxInfo) {
	path := "/" + r.PathValue("path")
	target, err := entryPoint(sandbox.EntryPoints, path)
	if err != nil {
		klog.Errorf("Forwarding to sandbox %s (session %s): %v", sandbox.Name, sandbox.SessionID, err)
		serve.JSON(w, http.StatusNotFound, map[string]string{"error": err.Error()})
		return
	}
	if err := s.dial(r.Context(), target); err != nil {
		refuseUnreachable(w, sandbox, err)
		return
	}
	token, err := s.token(sandbox)
	if err != nil {
		klog.Errorf("Signing request (session %s): %v", sandbox.SessionID, err)
		serve.JSON(w, http.StatusInternalServerError, map[string]string{
			"error": "failed to sign request",
			"code":  "JWT_SIGNING_FAILED",
		})
		return
	}
	if s.config.Debug {
		klog.Infof("Forwarding %s %s to %s (session %s)", r.Method, path, target.Host, sandbox.SessionID)
	}
	proxy := &httputil.ReverseProxy{
		Transport: s.sandbox,
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(target)
			pr.Out.URL.Path, pr.Out.URL.RawPath = path, ""
			pr.Out.Header["X-Forwarded-For"] = pr.In.Header["X-Forwarded-For"]
			pr.SetXForwarded()
			// The caller's own token is no business of the sandbox's.
			pr.Out.Header.Del("Authorization")
			if token != "" {
				pr.Out.Header.Set("Authorization", "Bearer "+token)
			}
		},
		ModifyResponse: func(resp *http.Response) error {
			resp.Header.Set(sessionHeader, sandbox.SessionID)
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) { refuseUnreachable(w, sandbox, err) },
	}
	proxy.ServeHTTP(w, r)
}

// token is what the sandbox verifies the Router by, "" for an answer of the WorkloadManager that does
// not say of what kind the sandbox is.
func (s *Server) token(sandbox *types.SandboxInfo) (string, error) {
	if sandbox.Kind != types.SandboxKind && sandbox.Kind != types.SandboxClaimsKind {
		return "", nil
	}
	return s.signer.GenerateToken(map[string]any{"session_id": sandbox.SessionID})
}

func refuseUnreachable(w http.ResponseWriter, sandbox *types.SandboxInfo, err error) {
	klog.Errorf("Reaching sandbox %s (session %s): %v", sandbox.Name, sandbox.SessionID, err)
	code, message := unreachable(err)
	serve.JSON(w, code, map[string]string{"error": message})
}

// entryPoint is where a path is served: the first entry point whose prefix matches, however short, as
// in AgentCube v0.1.0; where none matches the first of all.
func entryPoint(points []types.SandboxEntryPoint, path string) (*url.URL, error) {
	if len(points) == 0 {
		return nil, errors.New("no entry point found for sandbox")
	}
	first := max(0, slices.IndexFunc(points, func(point types.SandboxEntryPoint) bool { return strings.HasPrefix(path, point.Path) }))
	return &url.URL{Scheme: strings.ToLower(points[first].Protocol), Host: points[first].Endpoint}, nil
}
