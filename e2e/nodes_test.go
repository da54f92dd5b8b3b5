package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/e2e/traffic"
	"agentcube-mtls/internal/command"
)

var nodesComeAndGo = suite.Scenario{
	Name: "nodes-come-and-go",
	Description: "The worker node of the SPIRE server is drained and replaced by another one of its name, the other worker is suspended " +
		"until certificates have expired, and at last the server's node is lost for good.",
	Serial: true,
	Soak:   "it takes all nodes for half an hour",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		workers := nodes(ctx, t, "!node-role.kubernetes.io/control-plane")
		require.GreaterOrEqual(t, len(workers), 2, "NODES=3 has two workers")
		mine, other := workers[0], workers[1]
		const life = 4 * time.Minute
		const affinity = "spire.server.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]."
		r := suite.Install(ctx, t, "nodes-come-and-go", map[string]string{
			"spire.enabled": "true", "spire.server.ca.x509SvidDefaultTtl": life.String(),
			"router.replicas": "2", "workloadmanager.replicas": "2",
			affinity + "weight":                                   "100",
			affinity + "preference.matchExpressions[0].key":       "kubernetes.io/hostname",
			affinity + "preference.matchExpressions[0].operator":  "In",
			affinity + "preference.matchExpressions[0].values[0]": mine.Name,
		})
		server, err := r.CoreV1().Pods(r.Namespace).Get(ctx, release.ServerPod, metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, mine.Name, server.Spec.NodeName)
		t.Cleanup(func() {
			ctx := context.Background()
			_ = kubectl(ctx, "uncordon", mine.Name)
			assert.NoError(t, command.New("docker", "start", mine.Name).Run(ctx))
		})

		// Redis and the sandbox of the load's session would be lost with their node.
		require.NoError(t, kubectl(ctx, "cordon", mine.Name))
		require.NoError(t, target(r, "agentcube-redis").DeletePods(ctx, faults.AtOnce))
		load := suite.UnderLoad(ctx, t, r)
		require.NoError(t, kubectl(ctx, "uncordon", mine.Name))

		suite.Endure(ctx, t, load, []suite.Fault{
			{Name: "a node drained", Inject: func(ctx context.Context) error {
				// The cluster's DNS stays: no PodDisruptionBudget would keep one of its pods while
				// the other moves.
				if err := kubectl(ctx, "drain", mine.Name, "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=10m",
					"--pod-selector=k8s-app!=kube-dns"); err != nil {
					return err
				}
				if err := kubectl(ctx, "uncordon", mine.Name); err != nil {
					return err
				}
				return spread(ctx, r)
			}, Spares: suite.Everything},
			{Name: "a node suspended until certificates have expired", Inject: func(ctx context.Context) error {
				return faults.Suspend(ctx, other.Name, life)
			}, Spares: traffic.Spared{}},
			{Name: "a node replaced by one of the same name", Inject: func(ctx context.Context) error {
				if err := faults.LoseNode(ctx, r.Client, mine.Name); err != nil {
					return err
				}
				if err := faults.ReturnNode(ctx, suite.Env.Cluster, r.Client, &mine); err != nil {
					return err
				}
				return spread(ctx, r)
			}, Spares: traffic.Spared{Others: true}},
			{Name: "a node lost with the SPIRE server", Inject: func(ctx context.Context) error {
				if err := faults.LoseNode(ctx, r.Client, mine.Name); err != nil {
					return err
				}
				// As docs/operations.md says.
				if err := kubectl(ctx, "delete", "pvc/data-spire-server-0", "--namespace", r.Namespace, "--wait=false"); err != nil {
					return err
				}
				return kubectl(ctx, "delete", "pod/spire-server-0", "--namespace", r.Namespace)
			}, Spares: traffic.Spared{Others: true}},
		})

		require.NoError(t, faults.ReturnNode(ctx, suite.Env.Cluster, r.Client, &mine))
		for _, namespace := range []string{"kube-system", "agent-sandbox-system"} {
			suite.Eventually(ctx, t, namespace+" to recover", func(ctx context.Context) error { return r.RolledOut(ctx, namespace) })
		}
	},
}

// spread brings a Router and a WorkloadManager back to a node that had none: pods that were moved
// stay where they are, and a new one keeps away from them.
func spread(ctx context.Context, r release.Release) error {
	for _, app := range []string{"agentcube-router", "workloadmanager"} {
		if err := target(r, app).DeletePod(ctx, faults.Drained); err != nil {
			return err
		}
	}
	return nil
}

// kubectl runs the client as an operator does.
func kubectl(ctx context.Context, args ...string) error {
	return command.New(slices.Concat([]string{"kubectl", "--kubeconfig", suite.Env.Kubeconfig}, args)...).Run(ctx)
}
