package e2e

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/environment/testrun"
	"agentcube-mtls/e2e/platform/cluster"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/progress"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/internal/command"
)

var otherCluster = suite.Scenario{
	Name:        "other-cluster",
	Description: "A cluster that the harness did not make is neither used nor deleted.",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		// Kind, and so the harness, takes a container with these labels for a cluster.
		const name, node = "somebody-elses", "somebody-elses-control-plane"
		_ = command.New("docker", "rm", "--force", node).Run(ctx)
		require.NoError(t, command.New("docker", "create", "--name", node, "--label", testrun.Label(suite.Env.Cluster.Name), "--label", "io.x-k8s.kind.cluster="+name,
			"--label", "io.x-k8s.kind.role=control-plane", images.Debian, "sleep", "1").Run(ctx))
		defer func() { assert.NoError(t, command.New("docker", "rm", node).Run(ctx), "the container is still there") }()

		theirs := cluster.New(name, 1)
		for what, err := range map[string]error{"up": theirs.Ensure(ctx, progress.To(os.Stderr)), "down": theirs.Delete(ctx)} {
			require.ErrorContains(t, err, "kind delete cluster --name "+name, what)
			assert.ErrorContains(t, err, "CLUSTER=", what)
		}
	},
}
