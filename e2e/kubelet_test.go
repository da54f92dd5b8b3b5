package e2e

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
)

var kubelets = suite.Scenario{
	Name:        "kubelets",
	Description: "The certificate of a node's kubelet is replaced by one that the cluster's CA signs, as on most managed clusters, and later by a self-signed one. The node's agent attests new pods, whether it was there before or is new. With SOAK=1 only.",
	Serial:      true,
	Soak:        "every other scenario verifies self-signed kubelets",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		workers := nodes(ctx, t, "!node-role.kubernetes.io/control-plane")
		if len(workers) == 0 {
			t.Skip("there is only one node, whose kubelet runs the cluster: NODES=3 has three")
		}
		node := workers[0].Name
		const name = "kubelets"
		r := suite.Install(ctx, t, name, map[string]string{
			"spire.enabled": "true", "workloadmanager.drainSeconds": suite.DrainSeconds, "router.drainSeconds": "5", `router.nodeSelector.kubernetes\.io/hostname`: node,
		})
		attests := func() {
			for _, replaced := range [][]string{{"agentcube-router"}, {"spire-agent", "agentcube-router"}} {
				for _, app := range replaced {
					require.NoError(t, target(r, app).DeletePods(ctx, faults.AtOnce))
				}
				suite.Eventually(ctx, t, "new pods on "+node+" to have a certificate", func(ctx context.Context) error { return suite.Healthy(ctx, r) })
			}
		}
		suite.Afterwards(t, func(ctx context.Context) { assert.NoError(t, faults.SelfSignKubelet(ctx, node)) })
		require.NoError(t, faults.SignKubelet(ctx, r.Client, node))
		attests()
		require.NoError(t, faults.SelfSignKubelet(ctx, node))
		attests()
	},
}
