package workloadmanager

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
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
func TestSweep(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var objects []client.Object
	session := func(name string, idle, silent, left time.Duration, running bool) {
		w := workload{key: client.ObjectKey{Namespace: "team", Name: name}, idle: idle, life: left}
		sandbox := w.sandbox(name, name, now)
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
	session("patient", 30*time.Minute, 14*time.Minute, long, true)
	session("too-patient", 30*time.Minute, 16*time.Minute, long, true)
	session("expired", long, time.Second, -time.Second, true)
	for i := range sweepLimit + 4 { // more than one sweep deletes
		session(fmt.Sprintf("crowd-%d", i), long, time.Hour, long, false)
	}
	session("just-gone", 2*time.Minute, 3*time.Minute, long, false) // its timeout went with the sandbox
	session("long-gone", 2*time.Minute, 16*time.Minute, long, false)
	cluster := cluster(t, sandboxv1alpha1.SandboxStatus{}, interceptor.Funcs{}, objects...)

	server := newServer(Config{}, cluster)
	old := func() int {
		silent, err := server.idle(t.Context(), now)
		require.NoError(t, err)
		return len(silent)
	}
	before := old()
	require.NoError(t, server.sweep(t.Context(), now))
	assert.Equal(t, before-sweepLimit, old(), "after the first sweep")
	require.NoError(t, server.sweep(t.Context(), now))
	var running []string
	for _, sandbox := range sandboxes(t, cluster) {
		running = append(running, sandbox.Labels[sessionLabel])
	}
	assert.ElementsMatch(t, []string{"busy", "patient"}, running)
	for name, kept := range map[string]bool{
		"busy": true, "patient": true, "just-gone": true,
		"idle": false, "too-patient": false, "expired": false, "long-gone": false,
	} {
		_, err := store.Storage().GetSandboxBySessionID(t.Context(), name)
		assert.Equal(t, kept, err == nil, name)
	}
}

// deaf is a store that counts how often it is asked for expired sessions, and has no answer.
type deaf struct {
	store.Store
	asked atomic.Int32
}

func (d *deaf) ListExpiredSandboxes(context.Context, time.Time, int64) ([]*types.SandboxInfo, error) {
	d.asked.Add(1)
	return nil, store.ErrNotFound
}

// Sessions are swept every fifteen seconds.
func TestSweepInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sessions := &deaf{}
		go New(&Config{}, nil, sessions, nil).Sweep(t.Context())
		time.Sleep(61 * time.Second)
		assert.Equal(t, int32(4), sessions.asked.Load())
	})
}
