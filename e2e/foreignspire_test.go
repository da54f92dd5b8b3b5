package e2e

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/internal/components"
)

// TestAReleaseRunsBesideAForeignSPIREAndAnotherOnIt has a SPIRE in the cluster that is not the chart's. One release uses it, first
// over a folder of the nodes and then over the CSI driver, one brings its own, and either goes without the other noticing.
func TestAReleaseRunsBesideAForeignSPIREAndAnotherOnIt(t *testing.T) {
	ctx := start(t)
	foreign := foreignSPIRE(ctx, t)
	guest := install(t, "guest", map[string]string{
		"spire.trustDomain":            "foreign.test",
		"spire.workloadAPI.type":       "hostPath",
		"spire.workloadAPI.hostPath":   "/run/spire/sockets",
		"spire.workloadAPI.socketName": "agent.sock",
		"spire.identities.create":      "false",
		"redis.addr":                   "",
		"redis.secretName":             "",
		"workloadmanager.drainSeconds": drainSeconds,
	}, "existing-spire.yaml")
	beside := install(t, "beside", map[string]string{"spire.enabled": "true", "workloadmanager.drainSeconds": drainSeconds})

	requireOwnIdentities(ctx, t, guest, "foreign.test")
	requireOwnIdentities(ctx, t, beside, "cluster.local")
	requireUnknown(ctx, t, beside, guest)
	requireStrangers(ctx, t, guest, beside, "no X.509 bundle found for trust domain")

	load := underLoad(ctx, t, guest)
	restrict(ctx, t, guest.Namespace)
	upgrade(t, guest, map[string]string{"spire.workloadAPI.type": "csi"})
	settle(ctx, t, guest)
	requireOwnIdentities(ctx, t, guest, "foreign.test")
	_, err := suite.helm.Run(ctx, "uninstall", beside.Name, "--namespace", beside.Namespace, "--wait", "--timeout", "5m")
	require.NoError(t, err)
	load.requireNoFailure(ctx, t)
	for _, app := range []string{"workloadmanager", "agentcube-router"} {
		require.NoError(t, target(guest, app).DeletePods(ctx, faults.AtOnce))
	}
	eventually(ctx, t, "the foreign SPIRE to serve new pods as before", func(ctx context.Context) error { return guest.Whole(ctx, guest.Namespace) })
	requireOwnIdentities(ctx, t, guest, "foreign.test")

	_, err = suite.helm.Run(ctx, "uninstall", guest.Name, "--namespace", guest.Namespace, "--wait", "--timeout", "5m")
	require.NoError(t, err)
	_, err = foreign.ServerHealthy(ctx)
	assert.NoError(t, err)
	requireOwnIdentities(ctx, t, suite.release, "cluster.local")
}

// foreignSPIRE installs the SPIRE of testdata/foreign-spire.yaml and registers the programs of the release guest by hand.
func foreignSPIRE(ctx context.Context, t *testing.T) release.Release {
	t.Helper()
	version, err := components.SPIRE.Version()
	require.NoError(t, err)
	manifests, err := os.ReadFile("testdata/foreign-spire.yaml")
	require.NoError(t, err)
	// Volumes of the guest's pods go only with the help of the driver that brought them.
	deploy(ctx, t, strings.ReplaceAll(string(manifests), "${VERSION}", strings.TrimPrefix(version, "v")), "guest", "foreign-spire")

	foreign := release.Release{Client: suite.release.Client, Namespace: "foreign-spire"}
	eventually(ctx, t, "the foreign SPIRE server to be healthy", func(ctx context.Context) error {
		_, err := foreign.ServerHealthy(ctx)
		return err
	})
	const nodes = "spiffe://foreign.test/nodes"
	_, err = foreign.Server(ctx, "entry", "create", "-node", "-spiffeID", nodes, "-selector", "k8s_psat:cluster:foreign")
	require.NoError(t, err)
	for _, account := range []string{"agentcube-router", "workloadmanager"} {
		_, err = foreign.Server(ctx, "entry", "create", "-parentID", nodes, "-spiffeID", "spiffe://foreign.test/ns/guest/sa/"+account,
			"-selector", "k8s:ns:guest", "-selector", "k8s:sa:"+account)
		require.NoError(t, err)
	}
	return foreign
}

// restrict has Pod Security admit to a namespace only what its level restricted allows, from now on.
func restrict(ctx context.Context, t *testing.T, namespace string) {
	t.Helper()
	label := []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`)
	_, err := suite.release.CoreV1().Namespaces().Patch(ctx, namespace, types.MergePatchType, label, metav1.PatchOptions{})
	require.NoError(t, err)
}
