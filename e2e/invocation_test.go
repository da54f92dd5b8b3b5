package e2e

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"agentcube-mtls/e2e/helm"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
)

const sessionHeader = "x-agentcube-session-id"

var agentRuntime = suite.Scenario{
	Name:        "agent-runtime",
	Description: "An AgentRuntime answers from its sandbox and keeps its session.",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		require.NoError(t, suite.Env.Release.Apply(ctx, release.AgentRuntime(helm.Namespace, "echo")))
		router := tunnel(ctx, t, k8s.ResourceTypeService, "agentcube-router", 8080)
		url := router + "/v1/namespaces/agentcube/agent-runtimes/echo/invocations/hello"

		status, session, body := request(ctx, t, http.MethodGet, url, nil, "")
		require.Equal(t, http.StatusOK, status, body)
		require.NotEmpty(t, session, "the Router names the session")
		var seen struct {
			Path, Hostname string
			Authorized     bool
		}
		require.NoError(t, json.Unmarshal([]byte(body), &seen), body)
		assert.Equal(t, "/hello", seen.Path)
		assert.True(t, seen.Authorized, "the Router signs what it sends to a sandbox")

		status, same, again := request(ctx, t, http.MethodGet, url, map[string]string{sessionHeader: session}, "")
		require.Equal(t, http.StatusOK, status, again)
		assert.Equal(t, session, same)
		assert.Contains(t, again, seen.Hostname, "the session stays in its sandbox")
	},
}

var picoD = suite.Scenario{
	Name:        "code-interpreter",
	Description: "PicoD runs code for the Router and rejects requests without a token or with a forged one.",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		require.NoError(t, suite.Env.Release.Apply(ctx, codeInterpreter("python")))
		router := tunnel(ctx, t, k8s.ResourceTypeService, "agentcube-router", 8080)
		const code = `{"command": ["python3", "-c", "print(6*7)"]}`

		var body string
		suite.Eventually(ctx, t, "the WorkloadManager to read the Router's key", func(ctx context.Context) (err error) {
			var status int
			status, _, body = request(ctx, t, http.MethodPost,
				router+"/v1/namespaces/agentcube/code-interpreters/python/invocations/api/execute", nil, code)
			if status != http.StatusOK {
				err = fmt.Errorf("status %d: %s", status, body)
			}
			return err
		})
		var result struct{ Stdout string }
		require.NoError(t, json.Unmarshal([]byte(body), &result), body)
		assert.Equal(t, "42", strings.TrimSpace(result.Stdout))

		picod := tunnel(ctx, t, k8s.ResourceTypePod, sandboxPod(ctx, t, images.PicoD), 8080)
		for name, header := range map[string]map[string]string{
			"no token":                        nil,
			"a token signed with another key": {"Authorization": "Bearer " + forgedToken(t)},
		} {
			t.Run(name, func(t *testing.T) {
				status, _, body := request(ctx, t, http.MethodPost, picod+"/api/execute", header, code)
				assert.Equal(t, http.StatusUnauthorized, status, body)
			})
		}
	},
}

// codeInterpreter returns a CodeInterpreter that runs the PicoD built here.
func codeInterpreter(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "runtime.agentcube.volcano.sh/v1alpha1",
		"kind":       "CodeInterpreter",
		"metadata":   map[string]any{"name": name, "namespace": helm.Namespace},
		"spec": map[string]any{
			"sessionTimeout":     "5m",
			"maxSessionDuration": "10m",
			"authMode":           "picod",
			"ports":              []any{map[string]any{"pathPrefix": "/", "port": int64(8080), "protocol": "HTTP"}},
			"template":           map[string]any{"image": images.PicoD, "imagePullPolicy": "IfNotPresent"},
		},
	}}
}

// sandboxPod returns the name of the running pod whose container has the image.
func sandboxPod(ctx context.Context, t *testing.T, image string) string {
	t.Helper()
	pods, err := suite.Env.Release.CoreV1().Pods(helm.Namespace).List(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	for _, pod := range pods.Items {
		if pod.Status.Phase == corev1.PodRunning && pod.Spec.Containers[0].Image == image {
			return pod.Name
		}
	}
	require.Fail(t, "no sandbox runs the image "+image)
	return ""
}

// forgedToken returns a token with the Router's claims, signed with another key than the Router's.
func forgedToken(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	now := time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": "agentcube-router", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "session_id": "forged",
	}).SignedString(key)
	require.NoError(t, err)
	return token
}

// tunnel forwards a port of this machine to one in the cluster until the context ends, and returns
// its URL.
func tunnel(ctx context.Context, t *testing.T, kind k8s.KubeResourceType, name string, port int) string {
	t.Helper()
	forwarded := k8s.NewTunnel(k8s.NewKubectlOptions("", suite.Env.Kubeconfig, helm.Namespace), kind, name, 0, port)
	forwarded.ForwardPort(t)
	context.AfterFunc(ctx, forwarded.Close)
	return "http://" + forwarded.Endpoint()
}

// request sends one request and returns the status, the session and the body of what came back.
func request(ctx context.Context, t *testing.T, method, url string, header map[string]string, body string) (int, string, string) {
	t.Helper()
	sent, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range header {
		sent.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(sent)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	require.NoError(t, err, "reading the body of %s", url)
	return answer.StatusCode, answer.Header.Get(sessionHeader), string(data)
}
