package failures_test

import (
	"errors"
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
		require.NoError(t, eventually(func() error {
			agents, err := client(t).AppsV1().DaemonSets(r.name).Get(t.Context(), "spire-agent", metav1.GetOptions{})
			if err == nil && (agents.Status.NumberReady != 2 || agents.Status.UpdatedNumberScheduled != 3) {
				err = errors.New("not all agents are of the new revision, and ready where their node is")
			}
			return err
		}))
		if r.helm.version.waitSome != "--wait" {
			assert.ErrorContains(t, r.upgradeWith([]string{"--wait", "--timeout", "3s"}, "router.drainSeconds=7"), "Available: 2/3", "agents stay as they are")
		}
	}, "spire.agent.nodeSelector.ready=null")
}

// eventually calls check until it returns no error, for a minute at most, and returns its last
// error.
func eventually(check func() error) error {
	deadline := time.Now().Add(time.Minute)
	for {
		err := check()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
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
