package environment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
			return awaitPods(ctx, client)
		})
	}
	if err == nil {
		err = restartOutdated(ctx, log, c, client)
	}
	if err != nil && ctx.Err() == nil {
		dir, collecting := artifacts.Collect(ctx, "install", c, client, charts)
		waiting := strings.Join(client.Unready(ctx, helm.Namespace), "\n  ")
		err = errors.Join(err, fmt.Errorf("not ready:\n  %s\nartifacts: %s", waiting, dir), collecting)
	}
	return client, charts, err
}

// restartOutdated lets the release run the images that the cluster has now. A release that was there
// before has the same manifest with them, so that helm restarts nothing. Sandboxes go with their
// sessions.
func restartOutdated(ctx context.Context, log *progress.Log, c *cluster.Cluster, client *kube.Client) error {
	pods, err := client.CoreV1().Pods(helm.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	outdated, err := c.Outdated(ctx, slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool { return kube.OfSandbox(&pod) }))
	if err != nil || len(outdated) == 0 {
		return err
	}
	return log.Step("restarting the pods whose image has changed", func() error {
		if err := client.Restart(ctx, outdated); err != nil {
			return err
		}
		return awaitPods(ctx, client)
	})
}

// awaitPods waits until all pods are ready. A DaemonSet is ready to helm while the pod of one node is
// missing.
func awaitPods(ctx context.Context, client *kube.Client) error {
	return kube.Eventually(ctx, "every pod to be ready", func(ctx context.Context) error { return client.RolledOut(ctx, helm.Namespace) })
}
