package templatestests

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"agentcube-mtls/templates-tests/chart"
)

// existing is a release beside a SPIRE that the cluster has.
const existing = `
redis: {embedded: {enabled: true}, password: a}
spire: {enabled: true, trustDomain: example.org, server: {enabled: false}, agent: {enabled: false}}`

// Beside an existing SPIRE only the programs are installed.
func TestExistingSPIRE(t *testing.T) {
	t.Parallel()
	objects := render(t, existing)
	for _, object := range objects {
		assert.NotContains(t, object.GetName(), "spire-", chart.Describe(object))
	}
	spec := get[*appsv1.Deployment](t, objects, "agentcube-router").Spec.Template.Spec
	assert.Equal(t, "/run/spire/agent-sockets", volume(t, spec, "workload-api").HostPath.Path)
	assert.Equal(t, "/run/spire/agent-sockets/spire-agent.sock", configured(t, objects, "spiffe-helper").at("agent_address"))
	ids := ofKind(objects, "ClusterSPIFFEID")
	require.Len(t, ids, len(programs))
	for _, id := range ids {
		assert.NotContains(t, id.Object["spec"], "className", "a controller manager without a class serves only identities without one")
	}
}

// An existing SPIRE's socket and class are the user's.
func TestExistingSPIRESocket(t *testing.T) {
	t.Parallel()
	objects := render(t, existing, `
spire:
  workloadAPI: {hostPath: /run/other, socketName: api.sock}
  identities: {className: platform}`)
	spec := get[*appsv1.Deployment](t, objects, "workloadmanager").Spec.Template.Spec
	assert.Equal(t, "/run/other", volume(t, spec, "workload-api").HostPath.Path)
	assert.Equal(t, "/run/spire/agent-sockets/api.sock", configured(t, objects, "spiffe-helper").at("agent_address"))
	ids := ofKind(objects, "ClusterSPIFFEID")
	require.Len(t, ids, len(programs))
	for _, id := range ids {
		assert.Equal(t, "platform", id.Object["spec"].(map[string]any)["className"])
	}
}

// With the CSI driver every pod is admissible at the level restricted.
func TestPodSecurityWithCSI(t *testing.T) {
	t.Parallel()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	require.NoError(t, err)
	objects := render(t, existing, "{spire: {workloadAPI: {type: csi}}, volcano: {scheduler: {enabled: true}}}")
	specs := podSpecs(objects)
	assert.Len(t, specs, 5)
	for name, spec := range specs {
		results := evaluator.EvaluatePod(api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &podMeta, &spec)
		result := policy.AggregateCheckResults(results)
		assert.True(t, result.Allowed, "%s: %s", name, result.ForbiddenDetail())
	}
	driver := volume(t, get[*appsv1.Deployment](t, objects, "agentcube-router").Spec.Template.Spec, "workload-api").CSI
	assert.Equal(t, "csi.spiffe.io", driver.Driver)
	assert.True(t, *driver.ReadOnly)
}

// Only what must reach the node is more than the level restricted.
func TestPodSecurityLevels(t *testing.T) {
	t.Parallel()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	require.NoError(t, err)
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}

	var refused []string
	for name, spec := range podSpecs(render(t, spire, "redis: {addr: '', embedded: {enabled: true}}")) {
		if !policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, &podMeta, &spec)).Allowed {
			refused = append(refused, name)
		}
	}
	assert.ElementsMatch(t, []string{"DaemonSet/spire-agent", "Deployment/agentcube-router", "Deployment/workloadmanager"}, refused,
		"the agent, and those who reach its socket by a host path")
}

var podMeta = corev1.Pod{}.ObjectMeta
