package workloadmanager

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/volcano-sh/agentcube/pkg/api"
	"github.com/volcano-sh/agentcube/pkg/router"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// The Router's key is read once and kept.
func TestRouterKey(t *testing.T) {
	t.Parallel()
	first := identity(t, newKey(t))
	var looks atomic.Int32
	counted := interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
		looks.Add(1)
		return c.Get(ctx, key, o, options...)
	}}
	cluster := cluster(t, ready, counted)
	server := newServer(Config{}, cluster)
	synctest.Test(t, func(t *testing.T) {
		learned := make(chan error, 1)
		go func() { learned <- server.awaitRouterKey(t.Context()) }()
		time.Sleep(time.Second)
		assert.Equal(t, int32(4), looks.Load(), "at 0, 0.1, 0.3 and 0.7 s")
		time.Sleep(time.Minute)
		_, err := server.knownRouterKey()
		require.ErrorIs(t, err, api.ErrPublicKeyMissing)

		require.NoError(t, cluster.Create(t.Context(), first))
		created := time.Now()
		require.NoError(t, <-learned)
		assert.LessOrEqual(t, time.Since(created), 10*time.Second)
		known, err := server.knownRouterKey()
		require.NoError(t, err)
		assert.Equal(t, string(first.Data[router.PublicKeyDataKey]), known)

		looks.Store(0)
		require.NoError(t, cluster.Delete(t.Context(), first))
		require.NoError(t, cluster.Create(t.Context(), identity(t, newKey(t))))
		time.Sleep(time.Hour)
		still, err := server.knownRouterKey()
		require.NoError(t, err)
		assert.Equal(t, known, still)
		assert.Zero(t, looks.Load())
	})
}
