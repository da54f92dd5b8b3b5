package environment

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"agentcube-mtls/e2e/artifacts"
	"agentcube-mtls/e2e/helm"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/platform/cluster"
	"agentcube-mtls/e2e/progress"
)

// Install installs agent-sandbox and the charts on a cluster, and returns the clients that it used.
// If it fails, what the cluster was doing is kept, and the error says where.
func Install(ctx context.Context, log *progress.Log, c *cluster.Cluster, files ...string) (*kube.Client, *helm.Client, error) {
	kubeconfig, err := c.Kubeconfig()
	if err != nil {
		return nil, nil, err
	}
	client, err := kube.Connect(kubeconfig)
	if err != nil {
		return nil, nil, err
	}
	var charts *helm.Client
	err = log.Step("helm client", func() (err error) {
		charts, err = helm.New(ctx, kubeconfig)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	err = log.Step("installing agent-sandbox", func() error { return helm.InstallAgentSandbox(ctx, client) })
	if err == nil {
		err = log.Step("installing the charts with helm", func() error {
			if err := charts.Install(ctx, files...); err != nil {
				return err
			}
			// A DaemonSet is ready to helm while the pod of one node is missing.
			return kube.Eventually(ctx, "every pod to be ready", func(ctx context.Context) error { return client.RolledOut(ctx, helm.Namespace) })
		})
	}
	if err != nil && ctx.Err() == nil {
		dir, collecting := artifacts.Collect(ctx, "install", c, client, charts)
		waiting := strings.Join(client.Unready(ctx, helm.Namespace), "\n  ")
		err = errors.Join(err, fmt.Errorf("not ready:\n  %s\nartifacts: %s", waiting, dir), collecting)
	}
	return client, charts, err
}
