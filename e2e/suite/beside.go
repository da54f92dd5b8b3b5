package suite

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/environment/testrun"
	"agentcube-mtls/internal/command"
)

// Beside runs a container beside the cluster's nodes, on their network, until the test ends, and
// returns its name. The arguments are those of `docker run`, from the image on or with options
// before it.
func Beside(ctx context.Context, t *testing.T, name string, args ...string) string {
	t.Helper()
	return contain(ctx, t, name, "kind", args...)
}

// Within runs a container in the network of another one, as Beside does. However often it is
// restarted, its address is the other's: one of its own would be the lowest that is free by then.
func Within(ctx context.Context, t *testing.T, name, other string, args ...string) string {
	t.Helper()
	return contain(ctx, t, name, "container:"+other, args...)
}

func contain(ctx context.Context, t *testing.T, name, network string, args ...string) string {
	t.Helper()
	container := Env.Cluster.Name + "-" + name
	remove := command.New("docker", "rm", "--force", "--volumes", container)
	require.NoError(t, remove.Run(ctx), "what a run that was killed has left")
	t.Cleanup(func() { _ = remove.Run(context.Background()) })
	run := []string{"docker", "run", "--detach", "--name", container, "--label", testrun.Label(Env.Cluster.Name), "--network", network}
	require.NoError(t, command.New(append(run, args...)...).Run(ctx))
	return container
}
