package apiserver_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmrelease "helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fail marks the newest revision of a release as one that failed after it had changed all objects,
// as a timeout of --wait does.
func (r release) fail() {
	r.t.Helper()
	storage := r.helm().Releases
	last, err := storage.Last(r.name)
	require.NoError(r.t, err)
	last.SetStatus(helmrelease.StatusFailed, "timed out waiting for the condition")
	require.NoError(r.t, storage.Update(last))
	history, err := storage.History(r.name)
	require.NoError(r.t, err)
	superseded := slices.DeleteFunc(history, func(r *helmrelease.Release) bool { return r.Info.Status != helmrelease.StatusSuperseded })
	slices.SortFunc(superseded, func(one, other *helmrelease.Release) int { return one.Version - other.Version })
	former := superseded[len(superseded)-1] // Helm replaces a deployed revision only once another one succeeds
	former.Info.Status = helmrelease.StatusDeployed
	require.NoError(r.t, storage.Update(former))
}

// TestFailureElsewhere: an upgrade that failed in the mode that was deployed is
// no obstacle to a switch.
func TestFailureElsewhere(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "elsewhere", "elsewhere")
	require.NoError(t, agentcube.install(base, spire))
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {agent: {image: {tag: none}}}"))
	agentcube.fail()
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: false}"))
}

// TestFailureBeforeDeployments: the agents of a switch that failed before it reached
// the Deployments would stay, too.
func TestFailureBeforeDeployments(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "early", "early")
	require.NoError(t, agentcube.install(base, spire))
	daemonSets := client(t).AppsV1().DaemonSets(agentcube.namespace)
	agents, err := daemonSets.Get(t.Context(), "spire-agent", metav1.GetOptions{})
	require.NoError(t, err)
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: false}"))
	require.NoError(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"))
	agents.ResourceVersion, agents.UID = "", ""
	_, err = daemonSets.Create(t.Context(), agents, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, agentcube.upgrade(reuseValues, "router: {replicas: 3}"))
	agentcube.fail()
	assert.ErrorContains(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"), "after it had changed the DaemonSet spire-agent")
}

// TestFailureOfOlderChart: older charts record no mode, so that of their last
// deployed revision is unknown, also after the failed switch was tried again and failed once more.
func TestFailureOfOlderChart(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "older", "older")
	require.NoError(t, agentcube.install(base, plain))
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: true}"))
	agentcube.fail()
	deployments := client(t).AppsV1().Deployments(agentcube.namespace)
	for _, name := range []string{"agentcube-router", "workloadmanager"} {
		found := deployment(t, agentcube.namespace, name)
		delete(found.Annotations, "agentcube.volcano.sh/deployed-mode")
		_, err := deployments.Update(t.Context(), found, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
	require.ErrorContains(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"), "Roll back first")
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: true}"))
	agentcube.fail()
	assert.ErrorContains(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"), "Roll back first")
}
