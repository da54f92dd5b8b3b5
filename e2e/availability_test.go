package e2e

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/kube"
)

// TestSeveralSPIREServersOnADatabaseServeNewPodsWhileOneIsGone runs two servers on PostgreSQL, each with a CA of its own, and takes each
// of them away in turn. New pods of both sides get certificates from the other, and trust those of the one that is gone.
func TestSeveralSPIREServersOnADatabaseServeNewPodsWhileOneIsGone(t *testing.T) {
	ctx := start(t)
	const name = "available"
	database(ctx, t, name)
	r := install(t, name, map[string]string{
		"spire.enabled": "true", "spire.server.replicas": "2", "spire.server.podDisruptionBudget.enabled": "true",
		"spire.server.dataStore.type": "postgres", "spire.server.dataStore.secretName": "spire-postgres",
	})
	requireOwnIdentities(ctx, t, r, "cluster.local")
	load := underLoad(ctx, t, r)
	for _, victim := range []string{"spire-server-0", "spire-server-1"} {
		load.Mark(victim + " killed")
		require.NoError(t, r.CoreV1().Pods(name).Delete(ctx, victim, faults.AtOnce))
		for _, app := range []string{"workloadmanager", "agentcube-router"} {
			require.NoError(t, target(r, app).DeletePods(ctx, faults.Drained))
		}
		settle(ctx, t, r)
		requireOwnIdentities(ctx, t, r, "cluster.local")
		eventually(ctx, t, "both servers to be there again", func(ctx context.Context) error { return r.Whole(ctx, name) })
	}
	_, err := r.NoRestarts(ctx)
	assert.NoError(t, err)
	load.requireNoFailure(ctx, t)
}

// database runs PostgreSQL in a namespace, with the Secret that names it.
func database(ctx context.Context, t *testing.T, namespace string) {
	t.Helper()
	_, err := suite.release.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	require.NoError(t, err)
	manifests, err := os.Open("testdata/postgres.yaml")
	require.NoError(t, err)
	defer func() { _ = manifests.Close() }()
	objects, err := kube.Decode(manifests)
	require.NoError(t, err)
	require.NoError(t, suite.release.Apply(ctx, objects...))
	eventually(ctx, t, "PostgreSQL to be ready", func(ctx context.Context) error { return suite.release.Whole(ctx, namespace) })
}
