package e2e

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/verify"
)

// TestFailedSwitchLosesNoRequest lets a switch of SPIRE fail, on and off, for an image that no node has. The old pods serve on, an
// upgrade that Helm would make a mixture of is refused, and the rollback that the refusal names brings back what was.
func TestFailedSwitchLosesNoRequest(t *testing.T) {
	ctx := startLong(t)
	r := install(t, "failing", map[string]string{"workloadmanager.drainSeconds": drainSeconds}) // revision 1
	load := underLoad(ctx, t, r)

	load.Mark("spire.enabled=true fails")
	failUpgrade(ctx, t, r, "spire.enabled=true", "spire.spiffeHelper.image.tag=none")                                  // revision 2
	failUpgrade(ctx, t, r, "spire.enabled=true", "spire.spiffeHelper.image.tag=none", "router.podAnnotations.try=two") // revision 3
	requireRollbackFirst(ctx, t, r, "1")
	load.Mark("back to revision 1")
	rollBack(ctx, t, r, "1") // revision 4
	settle(ctx, t, r)
	left, err := ofSPIRE(ctx, r)
	require.NoError(t, err)
	assert.Subset(t, []string{"persistentvolumeclaims/data-spire-server-0"}, left, "of SPIRE only the volume with the CA's keys stays")

	load.Mark("spire.enabled=true")
	upgrade(t, r, map[string]string{"spire.enabled": "true"}) // revision 5
	settle(ctx, t, r)
	load.Mark("spire.enabled=false fails")
	failUpgrade(ctx, t, r, "spire.enabled=false", "router.image.tag=none", "workloadmanager.image.tag=none") // revision 6
	requireRollbackFirst(ctx, t, r, "5")
	load.Mark("back to revision 5")
	rollBack(ctx, t, r, "5")
	settle(ctx, t, r)
	eventually(ctx, t, "mutual TLS after the rollback", func(ctx context.Context) error { return healthy(ctx, r) })
	load.requireNoFailure(ctx, t)
}

// failUpgrade upgrades a release to values that its pods cannot become ready with.
func failUpgrade(ctx context.Context, t *testing.T, r verify.Release, values ...string) {
	t.Helper()
	args := []string{"upgrade", r.Name, chart, "--namespace", r.Namespace, "--reuse-values", "--wait", "--timeout", "30s"}
	for _, value := range values {
		args = append(args, "--set", value)
	}
	_, err := suite.helm.Run(ctx, args...)
	require.ErrorContains(t, err, "UPGRADE FAILED")
	require.NotContains(t, err.Error(), "Nothing has been changed", "the upgrade must begin, and fail on the way")
}

// requireRollbackFirst requires that an unrelated upgrade is refused, and that the refusal names the revision to go back to.
func requireRollbackFirst(ctx context.Context, t *testing.T, r verify.Release, revision string) {
	t.Helper()
	_, err := suite.helm.Run(ctx, "upgrade", r.Name, chart, "--namespace", r.Namespace, "--reuse-values", "--set", "router.podAnnotations.unrelated=yes")
	require.ErrorContains(t, err, "helm rollback "+r.Name+" "+revision+" --namespace "+r.Namespace+" --wait")
}
