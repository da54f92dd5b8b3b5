package router

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/volcano-sh/agentcube/pkg/api"
	"github.com/volcano-sh/agentcube/pkg/common/types"
	"k8s.io/klog/v2"

	"agentcube-mtls/e2e/controlplane/internal/wire"
	"agentcube-mtls/e2e/controlplane/mtls"
)

// createTimeout is for one call of the WorkloadManager.
const createTimeout = 2 * time.Minute

const tokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token"

// manager is the WorkloadManager as the Router sees it.
type manager struct {
	url       string
	client    *http.Client
	signer    signer
	tokenFile string
}

// newManager prepares the client, with mTLS where the configuration names certificate files. It
// waits for them; they are followed until ctx is done.
func newManager(ctx context.Context, c *Config, signer signer) (*manager, error) {
	secure, err := c.secure()
	if err != nil {
		return nil, err
	}
	url, config := c.WorkloadManagerURL, (*tls.Config)(nil)
	if secure {
		server, err := c.serverID()
		if err != nil {
			return nil, err
		}
		source, err := mtls.Open(ctx, "Router", c.MTLS, mtls.FileWait)
		if err != nil {
			return nil, err
		}
		url, config = withHTTPS(url), mtls.ClientConfig(source, server)
		klog.Infof("Router→WorkloadManager mTLS enabled: expecting server SPIFFE ID %s", server)
	}
	return &manager{
		url:       url,
		client:    &http.Client{Transport: newTransport(config), Timeout: createTimeout},
		signer:    signer,
		tokenFile: tokenFile,
	}, nil
}

// withHTTPS is the URL with https in place of http: values from before mTLS keep working, and nothing
// is sent in clear text by mistake.
func withHTTPS(url string) string {
	rest, plain := strings.CutPrefix(url, "http://")
	if !plain {
		return url
	}
	klog.Info("Using https:// for WORKLOAD_MANAGER_URL because mTLS is configured")
	return "https://" + rest
}

// newTransport speaks HTTP/1.1 in plain, and HTTP/2 in mTLS. There all calls share one connection,
// and so go to one WorkloadManager, until it ends. Of one whose node has died that takes up to 45 s:
// after 30 s of silence it is pinged, and the ping has 15 s to be answered.
func newTransport(config *tls.Config) *http.Transport {
	return &http.Transport{
		TLSClientConfig:     config,
		ForceAttemptHTTP2:   config != nil,
		MaxIdleConnsPerHost: 100,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
	}
}

// createPaths are the WorkloadManager's paths by kind of runtime.
var createPaths = map[string]string{
	types.AgentRuntimeKind:    "/v1/agent-runtime",
	types.CodeInterpreterKind: "/v1/code-interpreter",
}

// create asks for a new sandbox. Errors are API statuses: 404 for an unknown runtime, 500 where the
// WorkloadManager is not reached or cannot do it.
func (m *manager) create(ctx context.Context, namespace, name, kind string) (*types.SandboxInfo, error) {
	body, err := json.Marshal(types.CreateSandboxRequest{Kind: kind, Name: name, Namespace: namespace})
	if err != nil {
		return nil, fmt.Errorf("encoding request for a sandbox: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url+createPaths[kind], bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making request for a sandbox: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if err := m.authorize(req); err != nil {
		return nil, err
	}
	if err := m.identify(req); err != nil {
		return nil, err
	}
	resp, err := m.client.Do(req)
	if err != nil {
		return nil, api.NewInternalError(fmt.Errorf("calling WorkloadManager: %w", err))
	}
	defer func() { _ = resp.Body.Close() }()

	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, api.NewSandboxTemplateNotFoundError(namespace, name, kind)
	default:
		return nil, api.NewInternalError(fmt.Errorf("WorkloadManager answered %s", resp.Status))
	}
	var created wire.Created
	if err := json.NewDecoder(resp.Body).Decode(&created); err != nil {
		return nil, api.NewInternalError(fmt.Errorf("decoding WorkloadManager's answer: %w", err))
	}
	if created.SessionID == "" {
		return nil, api.NewInternalError(errors.New("WorkloadManager answered without a session id"))
	}
	return &types.SandboxInfo{
		Kind:        created.Kind,
		SandboxID:   created.SandboxID,
		Name:        created.SandboxName,
		SessionID:   created.SessionID,
		EntryPoints: created.EntryPoints,
	}, nil
}

// identify tells the WorkloadManager whose session it is to be, where there is an issuer.
func (m *manager) identify(req *http.Request) error {
	caller, identified := callerOf(req.Context())
	if !identified {
		return nil
	}
	identity, err := m.signer.GenerateToken(map[string]any{"sub": caller.subject})
	if err != nil {
		return fmt.Errorf("signing the caller's identity: %w", err)
	}
	req.Header.Set(wire.UserIdentity, identity)
	return nil
}

// authorize adds the ServiceAccount token, read each time because the kubelet renews it. Outside a
// cluster there is none.
func (m *manager) authorize(req *http.Request) error {
	token, err := os.ReadFile(m.tokenFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading ServiceAccount token: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	return nil
}
