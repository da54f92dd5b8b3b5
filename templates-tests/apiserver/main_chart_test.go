package apiserver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/internal/repo"
)

// mainChart stands in for the chart of AgentCube's main.
var mainChart = repo.Path("e2e", "guides", "testdata", "main")

const (
	userOfMain = `
redis: {addr: "redis:6379", password: p}
spire: {enabled: true, agent: {insecureBootstrap: true, skipKubeletVerification: true}}
`
	// toPlain is the first of the two upgrades that docs/upgrading.md tells a user of main.
	toPlain = `
router: {rbac: {create: true}}
spire: {enabled: false, agent: {insecureBootstrap: false, skipKubeletVerification: false}}`
)

// A release of main without SPIRE is upgraded by one command, with SPIRE on or off. Its ServiceAccount
// is the same object all the time, also after a rollback to main's revision.
func TestMainIsUpgradedAndRolledBack(t *testing.T) {
	t.Parallel()
	agentcubesOwn.Lock()
	defer agentcubesOwn.Unlock()
	withSpireCRDs(t)
	for _, set := range []string{"{}", "spire: {enabled: true}"} {
		agentcube := newRelease(t, "main-plain", "main-plain")
		account := func() *corev1.ServiceAccount {
			found, err := client(t).CoreV1().ServiceAccounts(agentcube.namespace).Get(t.Context(), "agentcube-router", metav1.GetOptions{})
			require.NoError(t, err)
			return found
		}
		require.NoError(t, agentcube.install(mainChart, "redis: {addr: 'redis:6379', password: p}"))
		before := account().UID
		require.NoError(t, agentcube.upgrade(reuseValues, set))
		require.NoError(t, agentcube.upgrade(resetThenReuseValues, "router: {serviceAccountName: agentcube-router}"))
		assert.Equal(t, before, account().UID, "%s: the account stays though no value asks for it", set)
		require.NoError(t, agentcube.rollback(1))
		assert.Equal(t, before, account().UID, set)
		require.NoError(t, agentcube.uninstall())
	}
}

func TestAReleaseOfMainComesToMutualTLSInTwoUpgrades(t *testing.T) {
	t.Parallel()
	agentcubesOwn.Lock()
	defer agentcubesOwn.Unlock()
	withSpireCRDs(t)
	for _, account := range []string{"", "router: {serviceAccountName: agentcube-router}"} {
		agentcube := newRelease(t, "main", "main")
		require.NoError(t, agentcube.install(mainChart, userOfMain+account))
		require.NoError(t, agentcube.upgrade(resetThenReuseValues, toPlain))
		require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: true}"))

		_, err := client(t).CoreV1().ServiceAccounts(agentcube.namespace).Get(t.Context(), "agentcube-router", metav1.GetOptions{})
		require.NoError(t, err)
		server, err := client(t).AppsV1().StatefulSets(agentcube.namespace).Get(t.Context(), "spire-server", metav1.GetOptions{})
		require.NoError(t, err)
		assert.Equal(t, "data", server.Spec.VolumeClaimTemplates[0].Name)
		assert.NotContains(t, server.Spec.Template.Spec.Containers[0].Image, "1.12.0", "the version of main, which does not know the configuration here")
		require.NoError(t, agentcube.uninstall())
	}
}

func TestAReleaseOfMainIsRefusedMutualTLSInOneUpgrade(t *testing.T) {
	t.Parallel()
	agentcubesOwn.Lock()
	defer agentcubesOwn.Unlock()
	withSpireCRDs(t)
	agentcube := newRelease(t, "main-at-once", "main-at-once")
	require.NoError(t, agentcube.install(mainChart, userOfMain))
	assert.ErrorContains(t, agentcube.upgrade(resetThenReuseValues, "{}"), "has another volume than this release asks for: set spire.enabled to false in one upgrade, and to true in a second one")
}
