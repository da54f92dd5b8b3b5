package e2e

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/internal/components"
)

var existingSPIRE = suite.Scenario{
	Name:        "existing-spire",
	Description: "One release uses an existing SPIRE, through a directory of the nodes and then through the CSI driver, independently of another release that has its own.",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		existing := installExistingSPIRE(ctx, t)
		guest := suite.Install(ctx, t, "guest", map[string]string{
			"spire.trustDomain":            "foreign.test",
			"spire.workloadAPI.type":       "hostPath",
			"spire.workloadAPI.hostPath":   "/run/spire/sockets",
			"spire.workloadAPI.socketName": "agent.sock",
			"spire.identities.create":      "false",
			"redis.addr":                   "",
			"redis.secretName":             "",
			"workloadmanager.drainSeconds": suite.DrainSeconds,
		}, "existing-spire.yaml")
		beside := suite.Install(ctx, t, "beside", map[string]string{"spire.enabled": "true", "workloadmanager.drainSeconds": suite.DrainSeconds})

		requireOwnIdentities(ctx, t, guest, "foreign.test")
		requireOwnIdentities(ctx, t, beside, "cluster.local")
		requireUnknown(ctx, t, beside, guest)
		requireUnauthorized(ctx, t, guest, beside, "no X.509 bundle found for trust domain")

		load := suite.UnderLoad(ctx, t, guest)
		restrict(ctx, t, guest.Namespace)
		suite.Upgrade(ctx, t, guest, map[string]string{"spire.workloadAPI.type": "csi"})
		suite.Settle(ctx, t, guest)
		requireOwnIdentities(ctx, t, guest, "foreign.test")
		suite.Uninstall(ctx, t, beside)
		load.RequireNoFailure(ctx, t)
		for _, app := range []string{"workloadmanager", "agentcube-router"} {
			require.NoError(t, target(guest, app).DeletePods(ctx, faults.AtOnce))
		}
		suite.Eventually(ctx, t, "the existing SPIRE to serve new pods as before", func(ctx context.Context) error { return guest.RolledOut(ctx, guest.Namespace) })
		requireOwnIdentities(ctx, t, guest, "foreign.test")

		suite.Uninstall(ctx, t, guest)
		_, err := existing.ServerHealthy(ctx)
		require.NoError(t, err)
		requireOwnIdentities(ctx, t, suite.Env.Release, "cluster.local")
	},
}

// installExistingSPIRE installs the SPIRE of testdata/existing-spire.yaml and registers the programs
// of the release guest by hand.
func installExistingSPIRE(ctx context.Context, t *testing.T) release.Release {
	t.Helper()
	version, err := components.SPIRE.Version()
	require.NoError(t, err)
	manifests, err := os.ReadFile("testdata/existing-spire.yaml")
	require.NoError(t, err)
	// Only the driver that mounted the volumes of the guest's pods can unmount them.
	suite.Deploy(ctx, t, strings.ReplaceAll(string(manifests), "${VERSION}", strings.TrimPrefix(version, "v")), "guest", "existing-spire")

	existing := release.Release{Client: suite.Env.Release.Client, Namespace: "existing-spire"}
	suite.Eventually(ctx, t, "the existing SPIRE server to be healthy", func(ctx context.Context) error {
		_, err := existing.ServerHealthy(ctx)
		return err
	})
	const nodes = "spiffe://foreign.test/nodes"
	_, err = existing.Server(ctx, "entry", "create", "-node", "-spiffeID", nodes, "-selector", "k8s_psat:cluster:existing")
	require.NoError(t, err)
	for _, account := range []string{"agentcube-router", "workloadmanager"} {
		_, err = existing.Server(ctx, "entry", "create", "-parentID", nodes, "-spiffeID", "spiffe://foreign.test/ns/guest/sa/"+account,
			"-selector", "k8s:ns:guest", "-selector", "k8s:sa:"+account)
		require.NoError(t, err)
	}
	return existing
}

// restrict makes Pod Security admit to a namespace only what its level restricted allows.
func restrict(ctx context.Context, t *testing.T, namespace string) {
	t.Helper()
	label := []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`)
	_, err := suite.Env.Release.CoreV1().Namespaces().Patch(ctx, namespace, types.MergePatchType, label, metav1.PatchOptions{})
	require.NoError(t, err)
}
