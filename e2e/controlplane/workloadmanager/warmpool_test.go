package workloadmanager

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	runtimev1alpha1 "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	"github.com/volcano-sh/agentcube/pkg/common/types"
	"github.com/volcano-sh/agentcube/pkg/store"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	extensionsv1alpha1 "sigs.k8s.io/agent-sandbox/extensions/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// interpreterKey names the object that codeInterpreter makes.
var interpreterKey = client.ObjectKey{Namespace: "team", Name: "py"}

// warmInterpreter is a CodeInterpreter with a warm pool of two.
func warmInterpreter(port uint32, auth runtimev1alpha1.AuthModeType) *runtimev1alpha1.CodeInterpreter {
	interpreter := codeInterpreter(port, auth)
	interpreter.UID, interpreter.Generation, interpreter.Spec.WarmPoolSize = "py-uid", 1, new(int32(2))
	return interpreter
}

func reconcileInterpreter(t *testing.T, server *Server) reconcile.Result {
	t.Helper()
	result, err := server.reconcile(t.Context(), reconcile.Request{NamespacedName: interpreterKey})
	require.NoError(t, err)
	return result
}

// A warm pool follows its CodeInterpreter.
func TestWarmPool(t *testing.T) {
	t.Parallel()
	cluster := cluster(t, ready, interceptor.Funcs{}, warmInterpreter(1, runtimev1alpha1.AuthModeNone))
	server := newServer(Config{}, cluster)
	reconcileInterpreter(t, server)

	var template extensionsv1alpha1.SandboxTemplate
	var pool extensionsv1alpha1.SandboxWarmPool
	var interpreter runtimev1alpha1.CodeInterpreter
	require.NoError(t, cluster.Get(t.Context(), interpreterKey, &template))
	require.NoError(t, cluster.Get(t.Context(), interpreterKey, &pool))
	require.NoError(t, cluster.Get(t.Context(), interpreterKey, &interpreter))
	assert.Equal(t, "picod:1", template.Spec.PodTemplate.Spec.Containers[0].Image)
	assert.Equal(t, int32(2), pool.Spec.Replicas)
	assert.Equal(t, "py", pool.Spec.TemplateRef.Name)
	for _, object := range []client.Object{&template, &pool} {
		require.Len(t, object.GetOwnerReferences(), 1)
		assert.Equal(t, interpreter.UID, object.GetOwnerReferences()[0].UID)
	}
	assert.True(t, interpreter.Status.Ready)
	assert.True(t, meta.IsStatusConditionTrue(interpreter.Status.Conditions, "Ready"))

	interpreter.Spec.Template.Image, interpreter.Spec.WarmPoolSize = "picod:2", new(int32(3))
	require.NoError(t, cluster.Update(t.Context(), &interpreter))
	reconcileInterpreter(t, server)
	require.NoError(t, cluster.Get(t.Context(), interpreterKey, &template))
	require.NoError(t, cluster.Get(t.Context(), interpreterKey, &pool))
	assert.Equal(t, "picod:2", template.Spec.PodTemplate.Spec.Containers[0].Image)
	assert.Equal(t, int32(3), pool.Spec.Replicas)

	interpreter.Spec.WarmPoolSize = new(int32(0))
	require.NoError(t, cluster.Update(t.Context(), &interpreter))
	reconcileInterpreter(t, server)
	require.True(t, apierrors.IsNotFound(cluster.Get(t.Context(), interpreterKey, &template)))
	require.True(t, apierrors.IsNotFound(cluster.Get(t.Context(), interpreterKey, &pool)))
}

// A warm pool waits for the Router's key.
func TestWarmPoolWithoutKey(t *testing.T) {
	t.Parallel()
	cluster := cluster(t, ready, interceptor.Funcs{}, warmInterpreter(1, runtimev1alpha1.AuthModePicoD))
	server := newServer(Config{}, cluster)
	assert.Equal(t, reconcile.Result{RequeueAfter: 5 * time.Second}, reconcileInterpreter(t, server))
	require.True(t, apierrors.IsNotFound(cluster.Get(t.Context(), interpreterKey, &extensionsv1alpha1.SandboxTemplate{})))

	require.NoError(t, cluster.Create(t.Context(), identity(t, newKey(t))))
	require.NoError(t, server.awaitRouterKey(t.Context()))
	assert.Zero(t, reconcileInterpreter(t, server))
	var template extensionsv1alpha1.SandboxTemplate
	require.NoError(t, cluster.Get(t.Context(), interpreterKey, &template))
	env := template.Spec.PodTemplate.Spec.Containers[0].Env
	assert.Equal(t, "PICOD_AUTH_PUBLIC_KEY", env[len(env)-1].Name)
}

// A CodeInterpreter without a pool is ready too.
func TestNoWarmPool(t *testing.T) {
	t.Parallel()
	cluster := cluster(t, ready, interceptor.Funcs{}, codeInterpreter(1, runtimev1alpha1.AuthModePicoD))
	reconcileInterpreter(t, newServer(Config{}, cluster))
	var interpreter runtimev1alpha1.CodeInterpreter
	require.NoError(t, cluster.Get(t.Context(), interpreterKey, &interpreter))
	assert.True(t, interpreter.Status.Ready)
}

func TestSessionOfAWarmPoolIsAClaim(t *testing.T) {
	t.Parallel()
	cluster := cluster(t, ready, interceptor.Funcs{}, warmInterpreter(accepting(t), runtimev1alpha1.AuthModeNone))
	server := newServer(Config{}, cluster)
	created := create(t, server, "/v1/code-interpreter", "py")
	assert.Equal(t, types.SandboxClaimsKind, created.Kind)
	assert.Empty(t, sandboxes(t, cluster))

	var claims extensionsv1alpha1.SandboxClaimList
	require.NoError(t, cluster.List(t.Context(), &claims))
	require.Len(t, claims.Items, 1)
	claim := claims.Items[0]
	assert.Equal(t, created.SandboxName, claim.Name)
	assert.Equal(t, "py", claim.Spec.TemplateRef.Name)
	assert.Equal(t, created.SessionID, claim.Labels[sessionLabel])
	require.Len(t, claim.OwnerReferences, 1)
	assert.Equal(t, "py-uid", string(claim.OwnerReferences[0].UID))
	session, err := store.Storage().GetSandboxBySessionID(t.Context(), created.SessionID)
	require.NoError(t, err)
	assert.Equal(t, types.SandboxClaimsKind, session.Kind)
	assert.NotEmpty(t, session.EntryPoints)

	code, _ := do(t, server, http.MethodDelete, "/v1/code-interpreter/sessions/"+created.SessionID, "")
	assert.Equal(t, http.StatusOK, code)
	require.NoError(t, cluster.List(t.Context(), &claims))
	assert.Empty(t, claims.Items)
}
