package failures_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/internal/repo"
)

// A node that is not ready stops neither an upgrade of the agents on other nodes nor helm, which
// waits for them.
func TestNodeThatIsNotReady(t *testing.T) {
	t.Parallel()
	eachHelm(t, "node-down", func(t *testing.T, r release) {
		waiting := []string{r.helm.version.waitSome, "--timeout", "5m"}
		require.NoError(t, r.upgradeWith(waiting, "spire.enabled=true"))
		require.NoError(t, r.upgradeWith(waiting, "spire.agent.logLevel=debug"))
		daemonSets := client(t).AppsV1().DaemonSets(r.name)
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			agents, err := daemonSets.Get(t.Context(), "spire-agent", metav1.GetOptions{})
			require.NoError(c, err)
			assert.EqualValues(c, 2, agents.Status.NumberReady, "ready where their node is")
			assert.EqualValues(c, 3, agents.Status.UpdatedNumberScheduled, "of the new revision")
		}, time.Minute, 100*time.Millisecond)
		if r.helm.version.waitSome != "--wait" {
			assert.ErrorContains(t, r.upgradeWith([]string{"--wait", "--timeout", "1m"}, "router.drainSeconds=7"), "Available: 2/3", "agents stay as they are")
		}
	}, "spire.agent.nodeSelector.ready=null")
}

// SPIRE's custom resource definitions are installed once a cluster. A second release is rejected,
// and may take them over.
func TestCRDsOnceACluster(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.22", "4.3"} { // 3.15 has no flag for it
		install := []string{"install", "spire-crds", repo.Path("charts", "spire-crds"), "--namespace", "second-crds-" + version[:1], "--create-namespace"}
		_, err := helm{version: helms[version]}.run(t.Context(), install...)
		require.ErrorContains(t, err, "invalid ownership metadata")
		_, err = helm{version: helms[version]}.run(t.Context(), append(install, "--take-ownership")...)
		require.NoError(t, err)
	}
}
