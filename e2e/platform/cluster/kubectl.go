package cluster

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/repo"
)

// Kubectl puts the nodes' kubectl beside the programs that are built here, for users and guides:
// its version is the cluster's. Nodes run Linux, so on other systems users need their own.
func (c *Cluster) Kubectl(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		return nil
	}
	dir, err := repo.Cache("programs")
	if err != nil {
		return err
	}
	// A program that is running cannot be overwritten, but it can be replaced.
	partial := filepath.Join(dir, "kubectl.partial")
	if err := command.New("docker", "cp", c.Name+"-control-plane:/usr/bin/kubectl", partial).Run(ctx); err != nil {
		return err
	}
	return os.Rename(partial, filepath.Join(dir, "kubectl"))
}
