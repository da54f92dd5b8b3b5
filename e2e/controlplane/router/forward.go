package router

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"syscall"

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
	token, err := s.signer.GenerateToken(map[string]any{"session_id": sandbox.SessionID})
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
			// Replaces the caller's own token, which is no business of the sandbox's.
			pr.Out.Header.Set("Authorization", "Bearer "+token)
		},
		ModifyResponse: func(resp *http.Response) error {
			resp.Header.Set(sessionHeader, sandbox.SessionID)
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			klog.Errorf("Reaching sandbox %s (session %s): %v", sandbox.Name, sandbox.SessionID, err)
			code, message := unreachable(err)
			serve.JSON(w, code, map[string]string{"error": message})
		},
	}
	proxy.ServeHTTP(w, r)
}

// entryPoint is where a path is served: the entry point with the longest
// matching prefix, else the first.
func entryPoint(points []types.SandboxEntryPoint, path string) (*url.URL, error) {
	if len(points) == 0 {
		return nil, errors.New("no entry point found for sandbox")
	}
	best := points[0]
	for _, point := range points {
		if strings.HasPrefix(path, point.Path) && (!strings.HasPrefix(path, best.Path) || len(point.Path) > len(best.Path)) {
			best = point
		}
	}
	return &url.URL{Scheme: strings.ToLower(best.Protocol), Host: best.Endpoint}, nil
}

// unreachable is the status and message for a sandbox that did not answer: 502
// where nothing listens, 504 where time ran out, 503 otherwise.
func unreachable(err error) (int, string) {
	var network net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return http.StatusBadGateway, "sandbox unreachable"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return http.StatusGatewayTimeout, "sandbox timeout"
	default:
		return http.StatusServiceUnavailable, "sandbox unreachable"
	}
}
