package workloadmanager

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/volcano-sh/agentcube/pkg/common/types"
	"github.com/volcano-sh/agentcube/pkg/store"
	sandboxv1alpha1 "sigs.k8s.io/agent-sandbox/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// The only test that makes old sessions: the store is shared.
func TestSweepDeletesWhatExpiredOrWentIdleByItsOwnTimeout(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var objects []client.Object
	session := func(name string, idle, silent, left time.Duration, running bool) {
		w := workload{key: client.ObjectKey{Namespace: "team", Name: name}, idle: idle, life: left}
		sandbox := w.sandbox(name, now)
		if running {
			objects = append(objects, sandbox)
		}
		require.NoError(t, store.Storage().StoreSandbox(t.Context(), &types.SandboxInfo{
			Kind: types.SandboxKind, Name: sandbox.Name, SandboxNamespace: "team", SessionID: name, ExpiresAt: now.Add(left),
		}))
		t.Cleanup(func() { assert.NoError(t, store.Storage().DeleteSandboxBySessionID(context.Background(), name)) })
		require.NoError(t, store.Storage().UpdateSessionLastActivity(t.Context(), name, now.Add(-silent)))
	}
	const long = time.Hour
	session("busy", 2*time.Minute, time.Minute, long, true)
	session("idle", 2*time.Minute, 3*time.Minute, long, true)
	session("patient", 30*time.Minute, 20*time.Minute, long, true)
	session("expired", long, time.Second, -time.Second, true)
	session("just-gone", 2*time.Minute, 3*time.Minute, long, false) // its timeout went with the sandbox
	session("long-gone", 2*time.Minute, 16*time.Minute, long, false)
	cluster := cluster(t, sandboxv1alpha1.SandboxStatus{}, interceptor.Funcs{}, objects...)

	require.NoError(t, newServer(Config{}, cluster).sweep(t.Context(), now))
	var running []string
	for _, sandbox := range sandboxes(t, cluster) {
		running = append(running, sandbox.Labels[sessionLabel])
	}
	assert.ElementsMatch(t, []string{"busy", "patient"}, running)
	for name, kept := range map[string]bool{
		"busy": true, "patient": true, "just-gone": true,
		"idle": false, "expired": false, "long-gone": false,
	} {
		_, err := store.Storage().GetSandboxBySessionID(t.Context(), name)
		assert.Equal(t, kept, err == nil, name)
	}
}
