package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/helm"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
)

var neighbour = suite.Scenario{
	Name:        "neighbour",
	Description: "Two releases with a SPIRE each reject each other, and uninstalling one leaves only what the guide lists.",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		const name = "neighbour"
		before, err := inventory(ctx, name)
		require.NoError(t, err)
		neighbour := suite.Install(ctx, t, name, map[string]string{"spire.enabled": "true", "workloadmanager.drainSeconds": suite.DrainSeconds})
		during, err := inventory(ctx, name)
		require.NoError(t, err)
		assert.Greater(t, len(during), len(before)+20, "the inventory sees what the release is made of")

		for _, pair := range [][2]release.Release{{neighbour, suite.Env.Release}, {suite.Env.Release, neighbour}} {
			requireOwnIdentities(ctx, t, pair[0], "cluster.local")
			requireUnknown(ctx, t, pair[0], pair[1])
		}
		requireUnauthorized(ctx, t, neighbour, suite.Env.Release, "certificate signed by unknown authority")

		load := suite.UnderLoad(ctx, t, suite.Env.Release)
		suite.Uninstall(ctx, t, neighbour)
		// What the guide lists stays. The keys of the CA, and those that running sandboxes trust,
		// are the user's; the namespace is not the release's, and Kubernetes keeps an account and a
		// certificate in each.
		claim, err := neighbour.CoreV1().PersistentVolumeClaims(name).Get(ctx, "data-spire-server-0", metav1.GetOptions{})
		require.NoError(t, err)
		router, err := suite.Env.Release.CoreV1().Pods(helm.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=agentcube-router"})
		require.NoError(t, err)
		require.Len(t, router.Items, 1)
		// The pod of the suite's Router still names the neighbour, whose port was tried from it
		// above and, on a cluster that was kept, in earlier runs.
		expected := append(before, "pods/"+router.Items[0].Name, "configmaps/kube-root-ca.crt", "namespaces/"+name, "persistentvolumeclaims/"+claim.Name,
			"persistentvolumes/"+claim.Spec.VolumeName, "secrets/picod-router-identity", "serviceaccounts/default")
		slices.Sort(expected)
		expected = slices.Compact(expected)
		suite.Eventually(ctx, t, "all else to go", func(context.Context) error {
			// With the test's own context: one that ended during a list would hide what was left.
			left, err := inventory(ctx, name)
			if err == nil && !slices.Equal(expected, left) {
				err = fmt.Errorf("expected to stay: %q, got: %q", expected, left)
			}
			return err
		})
		load.RequireNoFailure(ctx, t)
		requireOwnIdentities(ctx, t, suite.Env.Release, "cluster.local")
	},
}

// requireUnauthorized checks that to each of two releases the other's Router is an unauthorized
// client, and that the log says why.
func requireUnauthorized(ctx context.Context, t *testing.T, one, other release.Release, reason string) {
	t.Helper()
	reasons := maps.Clone(withoutSPIRE)
	reasons["the Router of another release"] = reason
	for _, pair := range [][2]release.Release{{one, other}, {other, one}} {
		refusals, err := pair[0].Trespass(ctx, pair[1])
		require.NoError(t, err)
		requireRefused(ctx, t, pair[1], refusals, reasons)
	}
}

// requireOwnIdentities checks that Router and WorkloadManager prove identities of a trust domain
// and of their own namespace.
func requireOwnIdentities(ctx context.Context, t *testing.T, r release.Release, trustDomain string) {
	t.Helper()
	seen, err := r.Handshake(ctx)
	require.NoError(t, err, r.Name)
	own := "spiffe://" + trustDomain + "/ns/" + r.Namespace + "/sa/"
	assert.Equal(t, own+"agentcube-router", seen.Client.ID)
	assert.Equal(t, own+"workloadmanager", seen.Server.ID)
}

// requireUnknown checks that a SPIRE server has no registration entry of another release.
func requireUnknown(ctx context.Context, t *testing.T, server, other release.Release) {
	t.Helper()
	ids, err := server.Registered(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, ids)
	for _, id := range ids {
		assert.NotContains(t, id, "/ns/"+other.Namespace+"/", "the server of %s knows an identity of %s", server.Namespace, other.Namespace)
	}
}
