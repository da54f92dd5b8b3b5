package environment

import (
	"context"
	"path/filepath"

	"agentcube-mtls/e2e/progress"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/verify"
)

// Up brings everything up, verifies it and says what to do next.
func Up(ctx context.Context, log *progress.Log, name string, nodes int) error {
	c, err := Cluster(ctx, log, name, nodes)
	if err != nil {
		return err
	}
	kubeconfig, err := c.Kubeconfig()
	if err != nil {
		return err
	}
	client, helm, err := Install(ctx, log, c)
	if err != nil {
		return err
	}
	rows := verify.All(ctx, log, client, release.Namespace, release.Name)
	log.Printf("\n%s", verify.Table(rows))
	if err := verify.Failed(rows); err != nil {
		return err
	}
	log.Printf(next, kubeconfig, filepath.Dir(helm.Program))
	return nil
}

const next = `Next:
  export KUBECONFIG=%s
  export PATH=$PATH:%s
  kubectl get pods -n agentcube
  helm list -n agentcube
  make down                 # removes the cluster`
