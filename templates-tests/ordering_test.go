package templatestests

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
)

func TestANewRouterIsHeldBackUntilAWorkloadManagerThatSpeaksItsLanguageAccepts(t *testing.T) {
	t.Parallel()
	for mode, c := range map[string]struct {
		values, target string
	}{
		"plain": {plain, "nc workloadmanager.agentcube.svc 8080 "},
		"SPIRE": {spire, "nc workloadmanager.agentcube.svc 8443 "},
	} {
		spec := get[*appsv1.Deployment](t, render(t, c.values), "agentcube-router").Spec.Template.Spec
		require.NotEmpty(t, spec.InitContainers, mode)
		wait := spec.InitContainers[len(spec.InitContainers)-1]
		assert.Equal(t, "wait-for-workloadmanager", wait.Name, mode)
		assert.Nil(t, wait.RestartPolicy, "it ends before the Router starts")
		assert.Contains(t, wait.Command[2], c.target, mode)
		assert.Contains(t, wait.Command[2], "end=$(($(date +%s) + 300))\n", "the wait is bounded")
	}
}

func TestARouterThatShallNotWaitStartsAtOnce(t *testing.T) {
	t.Parallel()
	spec := get[*appsv1.Deployment](t, render(t, plain, "router: {waitSeconds: 0}"), "agentcube-router").Spec.Template.Spec
	assert.Empty(t, spec.InitContainers)
}
