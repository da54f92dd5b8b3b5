package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/internal/testca"
)

var kubelets = suite.Scenario{
	Name: "kubelets",
	Description: "The certificate of a node's kubelet is replaced by one that the cluster's CA signs, as on most managed clusters, and later by a self-signed one, " +
		"and the node's agent, old or new, attests new pods, but is not ready while the kubelet's certificate has expired.",
	Serial: true,
	Soak:   "every other scenario verifies self-signed kubelets",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		workers := nodes(ctx, t, "!node-role.kubernetes.io/control-plane")
		if len(workers) == 0 {
			t.Skip("there is only one node, whose kubelet runs the cluster: NODES=2 has another")
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
		suite.Afterwards(t, func(ctx context.Context) {
			assert.NoError(t, faults.SelfSignKubelet(ctx, node))
			assert.NoError(t, faults.RenewKubelet(ctx, node))
		})
		require.NoError(t, faults.SignKubelet(ctx, r.Client, node))
		attests()
		require.NoError(t, faults.SelfSignKubelet(ctx, node))
		attests()

		ca := testca.New(t)
		expired := ca.Issue(t, testca.Leaf{Expired: true})
		require.NoError(t, faults.GiveKubelet(ctx, node, slices.Concat(expired.Cert, ca.PEM), expired.Key))
		suite.Eventually(ctx, t, "the agent not to be ready, since the kubelet's certificate has expired", func(ctx context.Context) error {
			events, err := r.CoreV1().Events(r.Namespace).List(ctx, metav1.ListOptions{FieldSelector: "reason=Unhealthy"})
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(events.Items, func(e corev1.Event) bool {
				return strings.HasSuffix(strings.TrimSpace(e.Message), "SSL certificate problem: certificate has expired")
			}) {
				return fmt.Errorf("none of %d events says so", len(events.Items))
			}
			if r.RolledOut(ctx, r.Namespace) == nil {
				return errors.New("all pods are ready")
			}
			return nil
		})
		require.NoError(t, faults.RenewKubelet(ctx, node))
		suite.Eventually(ctx, t, "the agent to be ready again", func(ctx context.Context) error { return suite.Healthy(ctx, r) })
	},
}
