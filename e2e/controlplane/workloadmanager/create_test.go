package workloadmanager

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	runtimev1alpha1 "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	"github.com/volcano-sh/agentcube/pkg/common/types"
	"github.com/volcano-sh/agentcube/pkg/router"
	"github.com/volcano-sh/agentcube/pkg/store"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	sandboxv1alpha1 "sigs.k8s.io/agent-sandbox/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// An AgentRuntime gets a sandbox and a session.
func TestAgentRuntime(t *testing.T) {
	t.Parallel()
	port, admin := accepting(t), accepting(t)
	runtime := agentRuntime(
		runtimev1alpha1.TargetPort{PathPrefix: "/", Port: port, Protocol: runtimev1alpha1.ProtocolTypeHTTP},
		runtimev1alpha1.TargetPort{PathPrefix: "/admin", Port: admin, Protocol: runtimev1alpha1.ProtocolTypeHTTP},
	)
	runtime.Spec.SessionTimeout = &metav1.Duration{Duration: 3 * time.Minute}
	runtime.Spec.MaxSessionDuration = &metav1.Duration{Duration: time.Hour}
	cluster := cluster(t, ready, interceptor.Funcs{}, runtime)
	before := time.Now()

	created := create(t, newServer(Config{}, cluster), "/v1/agent-runtime", "echo")
	entryPoints := []types.SandboxEntryPoint{
		{Path: "/", Protocol: "HTTP", Endpoint: fmt.Sprintf("127.0.0.1:%d", port)},
		{Path: "/admin", Protocol: "HTTP", Endpoint: fmt.Sprintf("127.0.0.1:%d", admin)},
	}
	assert.Equal(t, entryPoints, created.EntryPoints)
	assert.Equal(t, "Sandbox", created.Kind)

	sandbox := sandboxes(t, cluster)[0]
	assert.Regexp(t, `^echo-[a-z0-9]{8}$`, sandbox.Name)
	assert.Equal(t, created.SandboxName, sandbox.Name)
	assert.Equal(t, map[string]string{
		"runtime.agentcube.io/session-id":    created.SessionID,
		"runtime.agentcube.io/workload-name": "echo",
		"managed-by":                         "agentcube-workload-manager",
	}, sandbox.Labels)
	assert.Equal(t, "3m0s", sandbox.Annotations["runtime.agentcube.io/idle-timeout"])
	assert.Equal(t, map[string]string{
		"tier":                              "test",
		"runtime.agentcube.io/session-id":   created.SessionID,
		"runtime.agentcube.io/sandbox-name": sandbox.Name,
	}, sandbox.Spec.PodTemplate.ObjectMeta.Labels)
	assert.Equal(t, map[string]string{"note": "kept"}, sandbox.Spec.PodTemplate.ObjectMeta.Annotations)
	assert.Equal(t, runtime.Spec.Template.Spec.Containers, sandbox.Spec.PodTemplate.Spec.Containers)
	assert.WithinRange(t, sandbox.Spec.ShutdownTime.Time, before.Add(time.Hour).Truncate(time.Second), time.Now().Add(time.Hour))

	session, err := store.Storage().GetSandboxBySessionID(t.Context(), created.SessionID)
	require.NoError(t, err)
	assert.Equal(t, "Sandbox", session.Kind)
	assert.Equal(t, "running", session.Status)
	assert.Equal(t, "team", session.SandboxNamespace)
	assert.Equal(t, entryPoints, session.EntryPoints)
}

// A CodeInterpreter knows the Router's key.
func TestCodeInterpreter(t *testing.T) {
	t.Parallel()
	identity := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "agentcube", Name: router.IdentitySecretName},
		Data:       map[string][]byte{router.PublicKeyDataKey: []byte("the Router's key")},
	}
	mode := corev1.EnvVar{Name: "MODE", Value: "test"}
	for name, test := range map[string]struct {
		auth runtimev1alpha1.AuthModeType
		env  []corev1.EnvVar
	}{
		"picod":      {runtimev1alpha1.AuthModePicoD, []corev1.EnvVar{mode, {Name: "PICOD_AUTH_PUBLIC_KEY", Value: "the Router's key"}}},
		"by default": {"", []corev1.EnvVar{mode, {Name: "PICOD_AUTH_PUBLIC_KEY", Value: "the Router's key"}}},
		"none":       {runtimev1alpha1.AuthModeNone, []corev1.EnvVar{mode}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := cluster(t, ready, interceptor.Funcs{}, identity.DeepCopy(), codeInterpreter(accepting(t), test.auth))
			server := newServer(Config{}, cluster)
			require.NoError(t, server.awaitRouterKey(t.Context()))
			create(t, server, "/v1/code-interpreter", "py")
			container := sandboxes(t, cluster)[0].Spec.PodTemplate.Spec.Containers[0]
			assert.Equal(t, "picod:1", container.Image)
			assert.Equal(t, []string{"--port=8080"}, container.Args)
			assert.Equal(t, test.env, container.Env)
		})
	}
}

// The runtime class is the template's, else the flag's.
func TestRuntimeClass(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		flag           string
		template, want *string
	}{
		"neither":                    {"", nil, nil},
		"flag":                       {"kata", nil, new("kata")},
		"template":                   {"kata", new("gvisor"), new("gvisor")},
		"template wants the default": {"kata", new(""), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(Config{RuntimeClassName: test.flag}, nil)
			assert.Equal(t, test.want, server.runtimeClass(test.template))
		})
	}
}

// Requests that cannot be met are rejected.
func TestRejectedRequests(t *testing.T) {
	t.Parallel()
	noTemplate := agentRuntime()
	noTemplate.Name, noTemplate.Spec.Template = "bare", nil
	server := newServer(Config{}, cluster(t, ready, interceptor.Funcs{}, noTemplate, codeInterpreter(1, runtimev1alpha1.AuthModePicoD)))
	for name, test := range map[string]struct {
		method, path, body string
		want               int
	}{
		"unknown agent runtime":    {http.MethodPost, "/v1/agent-runtime", `{"namespace":"team","name":"nobody"}`, http.StatusNotFound},
		"unknown code interpreter": {http.MethodPost, "/v1/code-interpreter", `{"namespace":"team","name":"nobody"}`, http.StatusNotFound},
		"no JSON":                  {http.MethodPost, "/v1/agent-runtime", `{`, http.StatusBadRequest},
		"no name":                  {http.MethodPost, "/v1/agent-runtime", `{"namespace":"team"}`, http.StatusBadRequest},
		"no namespace":             {http.MethodPost, "/v1/agent-runtime", `{"name":"echo"}`, http.StatusBadRequest},
		"no template":              {http.MethodPost, "/v1/agent-runtime", `{"namespace":"team","name":"bare"}`, http.StatusInternalServerError},
		"Router's key not there":   {http.MethodPost, "/v1/code-interpreter", `{"namespace":"team","name":"py"}`, http.StatusInternalServerError},
		"unknown session":          {http.MethodDelete, "/v1/agent-runtime/sessions/nobody", "", http.StatusNotFound},
		"HEAD instead of GET":      {http.MethodHead, "/health", "", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, body := do(t, server, test.method, test.path, test.body)
			assert.Equal(t, test.want, code, body)
		})
	}
}

// A failed launch leaves nothing behind.
func TestFailedLaunch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fate    sandboxv1alpha1.SandboxStatus
		timeout time.Duration
		says    string
	}{
		"pod ended":       {condition(sandboxv1alpha1.SandboxConditionFinished), time.Minute, "its pod ended"},
		"never ready":     {sandboxv1alpha1.SandboxStatus{}, 200 * time.Millisecond, "to be ready"},
		"never listening": {ready, 5 * time.Second, "to accept connections"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var session string
			remember := func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.CreateOption) error {
				session = o.GetLabels()[sessionLabel]
				return c.Create(ctx, o, options...)
			}
			closed := runtimev1alpha1.TargetPort{Port: 1, Protocol: runtimev1alpha1.ProtocolTypeHTTP}
			cluster := cluster(t, test.fate, interceptor.Funcs{Create: remember}, agentRuntime(closed))
			// The caller hangs up: its own context is of no use for cleaning up.
			ctx, hangUp := context.WithTimeout(t.Context(), test.timeout)
			defer hangUp()
			_, err := newServer(Config{}, cluster).launch(ctx, types.CreateSandboxRequest{Kind: types.AgentRuntimeKind, Namespace: "team", Name: "echo"}, "")
			require.ErrorContains(t, err, test.says)
			assert.Empty(t, sandboxes(t, cluster))
			require.NotEmpty(t, session)
			_, err = store.Storage().GetSandboxBySessionID(t.Context(), session)
			require.ErrorIs(t, err, store.ErrNotFound)
		})
	}
}

// Ports are awaited for fifteen seconds.
func TestPortsThatNeverOpen(t *testing.T) {
	t.Parallel()
	ports := []runtimev1alpha1.TargetPort{{Port: accepting(t)}, {Port: 1}} // nothing listens at the second
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := awaitPorts(t.Context(), "127.0.0.1", ports)
		require.ErrorContains(t, err, "waiting for 127.0.0.1:1 to accept connections")
		assert.Equal(t, 15*time.Second, time.Since(began))
	})
}

// A deletion removes sandbox and session.
func TestDelete(t *testing.T) {
	t.Parallel()
	for name, sandboxIsGone := range map[string]bool{"sandbox runs": false, "sandbox is gone already": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runtime := agentRuntime(runtimev1alpha1.TargetPort{Port: accepting(t), Protocol: runtimev1alpha1.ProtocolTypeHTTP})
			cluster := cluster(t, ready, interceptor.Funcs{}, runtime)
			server := newServer(Config{}, cluster)
			created := create(t, server, "/v1/agent-runtime", "echo")
			if sandboxIsGone {
				require.NoError(t, cluster.Delete(t.Context(), &sandboxes(t, cluster)[0]))
			}
			path := "/v1/agent-runtime/sessions/" + created.SessionID
			code, _ := do(t, server, http.MethodDelete, path, "")
			assert.Equal(t, http.StatusOK, code)
			assert.Empty(t, sandboxes(t, cluster))
			code, _ = do(t, server, http.MethodDelete, path, "")
			assert.Equal(t, http.StatusNotFound, code)
		})
	}
}

// A session stays where its sandbox cannot be deleted.
func TestFailedDelete(t *testing.T) {
	t.Parallel()
	forbidden := func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
		return apierrors.NewForbidden(sandboxv1alpha1.GroupVersion.WithResource("sandboxes").GroupResource(), "x", nil)
	}
	runtime := agentRuntime(runtimev1alpha1.TargetPort{Port: accepting(t), Protocol: runtimev1alpha1.ProtocolTypeHTTP})
	server := newServer(Config{}, cluster(t, ready, interceptor.Funcs{Delete: forbidden}, runtime))
	created := create(t, server, "/v1/agent-runtime", "echo")
	code, _ := do(t, server, http.MethodDelete, "/v1/agent-runtime/sessions/"+created.SessionID, "")
	assert.Equal(t, http.StatusInternalServerError, code)
	_, err := store.Storage().GetSandboxBySessionID(t.Context(), created.SessionID)
	require.NoError(t, err, "else nobody would try again")
}
