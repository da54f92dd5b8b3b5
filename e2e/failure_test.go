package e2e

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/helm"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/internal/components"
)

var failedSwitch = suite.Scenario{
	Name:        "failed-switch",
	Description: "Switching SPIRE on fails with Helm 3, and off with Helm 4, because no node has an image, while old pods keep serving, an upgrade that would mix both is rejected, and the rollback that the message names restores the release.",
	Slow:        true,
	Values:      map[string]string{"workloadmanager.drainSeconds": suite.DrainSeconds},
	Run: func(ctx context.Context, t *testing.T, r release.Release) {
		dir, err := components.Helm4.Build(ctx)
		require.NoError(t, err)
		helm4 := &helm.Client{Program: filepath.Join(dir, "helm"), Kubeconfig: suite.Env.Kubeconfig}
		load := suite.UnderLoad(ctx, t, r) // revision 1 is there

		o := operator{suite.Env.Helm, nil, r}
		load.Mark("spire.enabled=true fails")
		o.failUpgrade(ctx, t, "spire.enabled=true", "spire.spiffeHelper.image.tag=none")                                  // revision 2
		o.failUpgrade(ctx, t, "spire.enabled=true", "spire.spiffeHelper.image.tag=none", "router.podAnnotations.try=two") // revision 3
		o.requireRollbackFirst(ctx, t, "1")
		load.Mark("back to revision 1")
		require.NoError(t, o.rollBack(ctx, "1")) // revision 4
		suite.Settle(ctx, t, r)
		left, err := ofSPIRE(ctx, r)
		require.NoError(t, err)
		assert.Subset(t, []string{"persistentvolumeclaims/data-spire-server-0"}, left, "of SPIRE only the volume with the CA's keys stays")

		// Helm 4 takes over the release, and applies it on the server's side.
		o = operator{helm4, []string{"--server-side=true"}, r}
		load.Mark("spire.enabled=true")
		require.NoError(t, o.upgrade(ctx, "5m", "spire.enabled=true")) // revision 5
		suite.Settle(ctx, t, r)
		load.Mark("spire.enabled=false fails")
		o.failUpgrade(ctx, t, "spire.enabled=false", "router.image.tag=none", "workloadmanager.image.tag=none") // revision 6
		o.requireRollbackFirst(ctx, t, "5")
		load.Mark("back to revision 5")
		require.NoError(t, o.rollBack(ctx, "5"))
		suite.Settle(ctx, t, r)
		suite.Eventually(ctx, t, "mutual TLS after the rollback", func(ctx context.Context) error { return suite.Healthy(ctx, r) })
		load.RequireNoFailure(ctx, t)
		_, err = helm4.Run(ctx, "test", r.Name, "--namespace", r.Namespace, "--timeout", "5m")
		require.NoError(t, err)
	},
}

// operator changes a release with one version of the helm client.
type operator struct {
	helm    *helm.Client
	flags   []string
	release release.Release
}

// upgrade changes some values and waits until all pods are ready, until a timeout.
func (o operator) upgrade(ctx context.Context, timeout string, values ...string) error {
	suite.Rolling.Lock()
	defer suite.Rolling.Unlock()
	args := append([]string{"upgrade", o.release.Name, suite.Chart, "--namespace", o.release.Namespace, "--reuse-values", "--wait", "--timeout", timeout}, o.flags...)
	for _, value := range values {
		args = append(args, "--set", value)
	}
	_, err := o.helm.Run(ctx, args...)
	return err
}

func (o operator) rollBack(ctx context.Context, revision string) error {
	suite.Rolling.Lock()
	defer suite.Rolling.Unlock()
	_, err := o.helm.Run(ctx, "rollback", o.release.Name, revision, "--namespace", o.release.Namespace, "--wait", "--timeout", "5m")
	return err
}

// failUpgrade upgrades to values that the pods cannot become ready with.
func (o operator) failUpgrade(ctx context.Context, t *testing.T, values ...string) {
	t.Helper()
	err := o.upgrade(ctx, "15s", values...)
	require.ErrorContains(t, err, "UPGRADE FAILED")
	require.NotContains(t, err.Error(), "Nothing has been changed", "the upgrade must begin, and fail on the way")
}

// requireRollbackFirst requires that an unrelated upgrade is rejected, and that the message names
// the revision to go back to.
func (o operator) requireRollbackFirst(ctx context.Context, t *testing.T, revision string) {
	t.Helper()
	err := o.upgrade(ctx, "30s", "router.podAnnotations.unrelated=yes")
	require.ErrorContains(t, err, "helm rollback "+o.release.Name+" "+revision+" --namespace "+o.release.Namespace+" --wait")
}
