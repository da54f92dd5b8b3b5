package e2e

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/gomod"
	"agentcube-mtls/internal/repo"
)

var released = suite.Scenario{
	Name: "released",
	Description: "A release of AgentCube v0.1.0, with its own programs, becomes one of this chart, and under load they are replaced, give way to " +
		"programs with mutual TLS, and return.",
	Soak: "AgentCube's programs take minutes to build",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		loadReleased(ctx, t)
		agentcube, err := gomod.Find(ctx, repo.Path(), "github.com/volcano-sh/agentcube")
		require.NoError(t, err)
		own := tag(t, components.AgentCube)
		r := installBesideRedis(ctx, t, "released", filepath.Join(agentcube.Dir, "manifests", "charts", "base"),
			map[string]string{
				"router.serviceAccountName": "agentcube-router", "router.rbac.create": "true", "router.image.tag": own, "workloadmanager.image.tag": own,
			})
		suite.Upgrade(ctx, t, r, nil)
		suite.Settle(ctx, t, r)
		load := suite.UnderLoad(ctx, t, r)
		for _, change := range []struct {
			name   string
			values map[string]string
		}{
			{"other pods", map[string]string{"router.podAnnotations.pods": "other", "workloadmanager.podAnnotations.pods": "other"}},
			{"mutual TLS", map[string]string{"spire.enabled": "true", "router.image.tag": "latest", "workloadmanager.image.tag": "latest"}},
			{"no TLS", map[string]string{"spire.enabled": "false", "router.image.tag": own, "workloadmanager.image.tag": own}},
		} {
			load.Mark(change.name)
			suite.Upgrade(ctx, t, r, change.values)
			suite.Settle(ctx, t, r)
		}
		load.RequireNoFailure(ctx, t)
	},
}

// loadReleased brings AgentCube's own programs to the nodes.
func loadReleased(ctx context.Context, t *testing.T) {
	t.Helper()
	list, err := images.Released()
	require.NoError(t, err)
	for _, image := range list {
		require.NoError(t, image.Build(ctx))
	}
	require.NoError(t, suite.Env.Cluster.Load(ctx, list))
}
