package templatestests

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"agentcube-mtls/templates-tests/chart"
)

// kustomization inflates what the chart makes, as the field helmCharts does. Its label is on pods
// too, and its namespace is that of the release.
const kustomization = `
resources: [chart.yaml]
namespace: agentcube
labels: [{pairs: {team: platform}, includeTemplates: true}]`

// TestKustomize takes all that the chart can make, and adds a label. It refuses objects and keys
// that are twice.
func TestKustomize(t *testing.T) {
	t.Parallel()
	given := append(slices.Collect(maps.Values(examples(t))), settings...)
	given = append(given, "{redis: {addr: 'r:1'}, router: {podLabels: {app.kubernetes.io/part-of: shop, team: another}, annotations: {a: b}}}")
	for _, document := range given {
		manifests, err := chart.Release{Values: values(t, document)}.Render()
		require.NoError(t, err)
		delete(manifests, "agentcube/templates/NOTES.txt")

		files := filesys.MakeFsInMemory()
		require.NoError(t, files.WriteFile("kustomization.yaml", []byte(kustomization)))
		require.NoError(t, files.WriteFile("chart.yaml", []byte(strings.Join(slices.Sorted(maps.Values(manifests)), "\n---\n"))))
		inflated, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, ".")
		require.NoError(t, err)
		content, err := inflated.AsYaml()
		require.NoError(t, err)
		objects, err := chart.Decode(map[string]string{"inflated.yaml": string(content)})
		require.NoError(t, err)

		rendered, err := chart.Decode(manifests)
		require.NoError(t, err)
		assert.Len(t, objects, len(rendered))
		for _, object := range objects {
			assert.Equal(t, "platform", object.GetLabels()["team"], chart.Describe(object))
		}
		router := get[*appsv1.Deployment](t, objects, "agentcube-router")
		assert.Equal(t, "platform", router.Spec.Template.Labels["team"])
		assert.Equal(t, get[*appsv1.Deployment](t, rendered, "agentcube-router").Spec.Selector, router.Spec.Selector)
	}
}
