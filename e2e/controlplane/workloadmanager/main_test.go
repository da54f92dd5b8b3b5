package workloadmanager

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	runtimev1alpha1 "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	"github.com/volcano-sh/agentcube/pkg/store"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	sandboxv1alpha1 "sigs.k8s.io/agent-sandbox/api/v1alpha1"
	extensionsv1alpha1 "sigs.k8s.io/agent-sandbox/extensions/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"agentcube-mtls/e2e/controlplane/internal/testlog"
	"agentcube-mtls/e2e/controlplane/internal/teststore"
	"agentcube-mtls/e2e/controlplane/internal/wire"
	"agentcube-mtls/e2e/controlplane/sessions"
)

var logged = testlog.Capture()

func TestMain(m *testing.M) { teststore.Main(m) }

// cluster is a fake API server that holds these objects. Once somebody watches a Sandbox, or a claim
// on one, fate decides its status, as agent-sandbox's controller does.
func cluster(t *testing.T, fate sandboxv1alpha1.SandboxStatus, hooks interceptor.Funcs, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme, err := Scheme()
	require.NoError(t, err)
	name := func(o client.Object) []string { return []string{o.GetName()} }
	hooks.Watch = func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) (watch.Interface, error) {
		watcher, err := c.Watch(ctx, list, options...)
		if err != nil {
			return nil, err
		}
		current := list.DeepCopyObject().(client.ObjectList)
		if err := c.List(ctx, current, options...); err != nil {
			return nil, err
		}
		assert.NoError(t, meta.EachListItem(current, func(item runtime.Object) error {
			decided := decide(item, fate)
			go func() { assert.NoError(t, c.Status().Update(ctx, decided)) }()
			return nil
		}))
		return watcher, nil
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&sandboxv1alpha1.Sandbox{}, &extensionsv1alpha1.SandboxClaim{}, &runtimev1alpha1.CodeInterpreter{}).WithInterceptorFuncs(hooks).
		WithIndex(&sandboxv1alpha1.Sandbox{}, "metadata.name", name).WithIndex(&extensionsv1alpha1.SandboxClaim{}, "metadata.name", name).
		Build()
}

// decide gives a Sandbox, or a claim on one, its status.
func decide(item runtime.Object, fate sandboxv1alpha1.SandboxStatus) client.Object {
	if claim, ok := item.(*extensionsv1alpha1.SandboxClaim); ok {
		claim.Status.Conditions = fate.Conditions
		claim.Status.SandboxStatus = extensionsv1alpha1.SandboxStatus{Name: "warm-1", PodIPs: fate.PodIPs}
		return claim
	}
	sandbox := item.(*sandboxv1alpha1.Sandbox)
	sandbox.Status = fate
	return sandbox
}

// newServer is a WorkloadManager whose informers are the cluster itself, and where every token has
// the WorkloadManager's own rights.
func newServer(config Config, cluster client.WithWatch) *Server {
	config.Namespace = "agentcube"
	as := func(string) (client.Client, error) { return cluster, nil }
	return New(&config, &Cluster{WithWatch: cluster, Runtimes: cluster, As: as}, store.Storage(), sessions.NewOwners())
}

// condition is a status with this condition true and a pod at 127.0.0.1.
func condition(name sandboxv1alpha1.ConditionType) sandboxv1alpha1.SandboxStatus {
	return sandboxv1alpha1.SandboxStatus{
		PodIPs:     []string{"127.0.0.1"},
		Conditions: []metav1.Condition{{Type: string(name), Status: metav1.ConditionTrue, Reason: "Test"}},
	}
}

var ready = condition(sandboxv1alpha1.SandboxConditionReady)

// accepting is a port of 127.0.0.1 that accepts connections.
func accepting(t *testing.T) uint32 {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return uint32(listener.Addr().(*net.TCPAddr).Port)
}

func agentRuntime(ports ...runtimev1alpha1.TargetPort) *runtimev1alpha1.AgentRuntime {
	return &runtimev1alpha1.AgentRuntime{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "echo"},
		Spec: runtimev1alpha1.AgentRuntimeSpec{
			Ports: ports,
			Template: &runtimev1alpha1.SandboxTemplate{
				Labels:      map[string]string{"tier": "test"},
				Annotations: map[string]string{"note": "kept"},
				Spec:        corev1.PodSpec{Containers: []corev1.Container{{Name: "agent", Image: "agent:1"}}},
			},
		},
	}
}

func codeInterpreter(port uint32, auth runtimev1alpha1.AuthModeType) *runtimev1alpha1.CodeInterpreter {
	return &runtimev1alpha1.CodeInterpreter{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "py"},
		Spec: runtimev1alpha1.CodeInterpreterSpec{
			Ports:    []runtimev1alpha1.TargetPort{{PathPrefix: "/", Port: port, Protocol: runtimev1alpha1.ProtocolTypeHTTP}},
			AuthMode: auth,
			Template: &runtimev1alpha1.CodeInterpreterSandboxTemplate{
				Image:       "picod:1",
				Args:        []string{"--port=8080"},
				Environment: []corev1.EnvVar{{Name: "MODE", Value: "test"}},
			},
		},
	}
}

// do sends a request to the server and returns the status and the body.
func do(t *testing.T, server *Server, method, path, body string, header ...string) (int, string) {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	server.Handler().ServeHTTP(recorder, req)
	return recorder.Code, recorder.Body.String()
}

// create asks for a sandbox, which must succeed.
func create(t *testing.T, server *Server, path, name string) wire.Created {
	t.Helper()
	code, body := do(t, server, http.MethodPost, path, `{"namespace":"team","name":"`+name+`"}`)
	require.Equal(t, http.StatusOK, code, body)
	return decode(t, body)
}

// decode reads the answer to a creation.
func decode(t *testing.T, body string) wire.Created {
	t.Helper()
	var created wire.Created
	require.NoError(t, json.Unmarshal([]byte(body), &created))
	return created
}

// sandboxes lists what the cluster holds.
func sandboxes(t *testing.T, cluster client.Client) []sandboxv1alpha1.Sandbox {
	t.Helper()
	var list sandboxv1alpha1.SandboxList
	require.NoError(t, cluster.List(t.Context(), &list))
	return list.Items
}
