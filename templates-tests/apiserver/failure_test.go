package apiserver_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmrelease "helm.sh/helm/v3/pkg/release"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fail marks the newest revision of a release as one that failed after it had changed all objects, as a timeout of --wait does.
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

// TestFailedSwitchIsRolledBackFirst: after a switch that failed, an upgrade to the mode before it is refused with the command that
// works, and that command brings back what was.
func TestFailedSwitchIsRolledBackFirst(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	for from, values := range map[string]string{"false": plain, "true": spire} {
		agentcube := newRelease(t, "failed", "failed-from-"+from)
		require.NoError(t, agentcube.install(base, values))
		before := objects(t, agentcube.namespace)
		require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: "+map[string]string{"false": "true", "true": "false"}[from]+"}"))
		agentcube.fail()
		failed := objects(t, agentcube.namespace)

		for _, upgrade := range []string{"spire: {enabled: " + from + "}", "router: {replicas: 2}"} {
			assert.ErrorContains(t, agentcube.upgrade(reuseValues, upgrade),
				fmt.Sprintf("Roll back first, and then upgrade again: helm rollback failed 1 --namespace %s --wait", agentcube.namespace))
		}
		assert.Equal(t, failed.Written(), objects(t, agentcube.namespace).Written(), "a refused upgrade changes nothing")

		require.NoError(t, agentcube.rollback(1))
		assert.Equal(t, before.Meant(), objects(t, agentcube.namespace).Meant(), "the rollback brings back what was")
		require.NoError(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"))
	}
}

// TestFailedSwitchIsTriedAgain: a switch that failed, once or twice, may be tried again, and is then as good as one that succeeded
// at once.
func TestFailedSwitchIsTriedAgain(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "retried", "retried")
	require.NoError(t, agentcube.install(base, plain))
	before := objects(t, agentcube.namespace)
	for range 2 {
		require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: true}"))
		agentcube.fail()
	}
	assert.ErrorContains(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"), "helm rollback retried 1 ", "revision 2 failed, too")
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: true}"))
	require.NoError(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"), "what the deployed revision had is known again")
	require.NoError(t, agentcube.upgrade(reuseValues, "{router: {replicas: 1}, spire: {enabled: false}}"))
	assert.Equal(t, before.Meant(), objects(t, agentcube.namespace).Meant())
}

// TestFailureElsewhereDoesNotStopASwitch: an upgrade that failed in the mode that was deployed is no obstacle to a switch.
func TestFailureElsewhereDoesNotStopASwitch(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "elsewhere", "elsewhere")
	require.NoError(t, agentcube.install(base, spire))
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {agent: {image: {tag: none}}}"))
	agentcube.fail()
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: false}"))
}

// TestFailureBeforeDeploymentsLeavesNoAgents: the agents of a switch that failed before it reached the Deployments would stay, too.
func TestFailureBeforeDeploymentsLeavesNoAgents(t *testing.T) {
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

// TestFailureOfAnOlderChartIsRolledBackFirst: older charts record no mode, so that of their last deployed
// revision is unknown, also after the failed switch was tried again and failed once more.
func TestFailureOfAnOlderChartIsRolledBackFirst(t *testing.T) {
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
	assert.ErrorContains(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"), "Roll back first")
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: true}"))
	agentcube.fail()
	assert.ErrorContains(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"), "Roll back first")
}

// TestStuckReleaseComesFree: without the chart's check an upgrade after a failed switch breaks off halfway, and so does the rollback to the
// deployed revision. The rollbacks to the failed one and then to the deployed one bring back what was.
func TestStuckReleaseComesFree(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "stuck", "stuck")
	require.NoError(t, agentcube.install(base, plain))
	before := objects(t, agentcube.namespace)
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: true}"))
	agentcube.fail()
	const twoModes = "may not specify more than 1 handler type"
	require.ErrorContains(t, agentcube.upgradeTo(unguarded(t), reuseValues, "router: {replicas: 2}"), twoModes)
	require.ErrorContains(t, agentcube.rollback(1), twoModes)

	if err := agentcube.rollback(2); err != nil {
		t.Log("the rollback to the failed revision says:", err)
	}
	require.NoError(t, agentcube.rollback(1))
	assert.Equal(t, before.Meant(), objects(t, agentcube.namespace).Meant())
}

// unguarded returns a copy of the chart that does not look at revisions that failed.
func unguarded(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(base)))
	file := filepath.Join(dir, "templates", "_validate.tpl")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	without := strings.Replace(string(content), `{{- include "agentcube.validate.upgrade" . -}}`, "", 1)
	require.NotEqual(t, string(content), without)
	require.NoError(t, os.WriteFile(file, []byte(without), 0o644))
	return dir
}
