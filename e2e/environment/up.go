package environment

import (
	"context"

	"agentcube-mtls/e2e/progress"
)

// Up brings everything up.
func Up(ctx context.Context, log *progress.Log, name string, nodes int) error {
	_, err := Cluster(ctx, log, name, nodes)
	return err
}
