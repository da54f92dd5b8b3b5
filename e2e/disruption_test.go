package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/e2e/traffic"
)

var clusterFaults = suite.Scenario{
	Name:        "cluster-faults",
	Description: "The API server is unavailable for a minute, and each worker node is restarted; the release recovers without intervention.",
	Serial:      true,
	Values:      map[string]string{"spire.enabled": "true", "router.replicas": "2", "workloadmanager.replicas": "2"},
	Run: func(ctx context.Context, t *testing.T, r release.Release) {
		load := suite.UnderLoad(ctx, t, r)
		controlPlane := nodes(ctx, t, "node-role.kubernetes.io/control-plane")[0]
		// Whatever the outcome of the test, and before the load ends, because its records come
		// through the API server.
		t.Cleanup(func() { assert.NoError(t, faults.StartAPIServer(context.Background(), r.Client, controlPlane.Name)) })
		endured := []suite.Fault{{Name: "API server down for a minute", Inject: func(ctx context.Context) error {
			if err := faults.StopAPIServer(ctx, r.Client, controlPlane.Name); err != nil {
				return err
			}
			time.Sleep(time.Minute)
			if err := faults.StartAPIServer(ctx, r.Client, controlPlane.Name); err != nil {
				return err
			}
			// The proxy of a node looks for the API server again after up to half a minute. Until
			// then the node's pods cannot reach it.
			return load.Recover(ctx)
		}, Spares: traffic.Spared{Sessions: true, Handshakes: true}}}
		workers := nodes(ctx, t, "!node-role.kubernetes.io/control-plane")
		if len(workers) == 0 {
			t.Log("no node is restarted, since there is only one: NODES=2 has another")
		}
		for n, worker := range workers {
			endured = append(endured, suite.Fault{Name: fmt.Sprintf("worker node %d restarted", n+1), Inject: func(ctx context.Context) error {
				gone := time.Now()
				if err := faults.RestartNode(ctx, suite.Env.Cluster, r.Client, r.Namespace, worker.Name); err != nil {
					return err
				}
				time.Sleep(time.Until(gone.Add(faults.Unnoticed)))
				return nil
			}, Spares: traffic.Spared{}})
		}
		suite.Endure(ctx, t, load, endured)
		// The other pods of the nodes are there again for the tests that follow.
		for _, namespace := range []string{"kube-system", "agent-sandbox-system"} {
			suite.Eventually(ctx, t, namespace+" to recover", func(ctx context.Context) error { return r.RolledOut(ctx, namespace) })
		}
		suite.Eventually(ctx, t, "the suite's release to recover", func(ctx context.Context) error { return suite.Healthy(ctx, suite.Env.Release) })
	},
}

// nodes returns the nodes with a label, or without it.
func nodes(ctx context.Context, t *testing.T, selector string) []corev1.Node {
	t.Helper()
	list, err := suite.Env.Release.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: selector})
	require.NoError(t, err)
	return list.Items
}
