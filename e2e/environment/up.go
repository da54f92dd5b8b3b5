package environment

import (
	"context"
	"path/filepath"

	"agentcube-mtls/e2e/helm"
	"agentcube-mtls/e2e/progress"
	"agentcube-mtls/e2e/release"
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
	client, charts, err := Install(ctx, log, c)
	if err != nil {
		return err
	}
	rows := release.All(ctx, log, client, helm.Namespace, helm.Name)
	log.Printf("\n%s", release.Table(rows))
	if err := release.Failed(rows); err != nil {
		return err
	}
	down := "make down"
	if name != defaultName {
		down = "CLUSTER=" + name + " " + down
	}
	log.Printf(next, kubeconfig, filepath.Dir(charts.Program), down)
	return nil
}

const next = `Next:
  export KUBECONFIG=%s
  export PATH=$PATH:%s
  kubectl get pods -n agentcube
  helm list -n agentcube
  %-25s # removes the cluster`
