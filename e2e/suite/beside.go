package suite

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/environment"
	"agentcube-mtls/e2e/environment/testrun"
	"agentcube-mtls/internal/command"
)

// Beside runs a container beside the cluster's nodes, on their network, until the test ends, and
// returns its name. The arguments are those of `docker run`, from the image on or with options
// before it.
func Beside(ctx context.Context, t *testing.T, name string, args ...string) string {
	t.Helper()
	container := environment.Name() + "-test-" + name
	remove := command.New("docker", "rm", "--force", "--volumes", container)
	require.NoError(t, remove.Run(ctx), "what a run that was killed has left")
	t.Cleanup(func() { _ = remove.Run(context.Background()) })
	run := []string{"docker", "run", "--detach", "--name", container, "--label", testrun.Label(), "--network", "kind"}
	require.NoError(t, command.New(append(run, args...)...).Run(ctx))
	return container
}
