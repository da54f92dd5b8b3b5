package templatestests

import (
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart/loader"

	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/chart"
)

// umbrella is a release of a chart that has this one among its charts, as helm dependency build
// puts it there. Dependencies are YAML, as in Chart.yaml. It is rendered once: helm changes the
// chart.
func umbrella(t *testing.T, dependencies string, documents ...string) chart.Release {
	t.Helper()
	files := []*loader.BufferedFile{{Name: "Chart.yaml", Data: []byte("{apiVersion: v2, name: umbrella, version: 1.0.0, dependencies: " + dependencies + "}")}}
	dir := os.DirFS(repo.Path("charts", "base"))
	require.NoError(t, fs.WalkDir(dir, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(dir, path)
		files = append(files, &loader.BufferedFile{Name: "charts/agentcube/" + path, Data: content})
		return err
	}))
	loaded, err := loader.LoadFiles(files)
	require.NoError(t, err)
	return chart.Release{Chart: loaded, Values: values(t, documents...)}
}

// TestUmbrellaMakesTheSameObjects: they are those of the chart alone if a condition or a tag is
// true, and none if it is false. Values that other charts of the umbrella share are not rejected.
func TestUmbrellaMakesTheSameObjects(t *testing.T) {
	t.Parallel()
	const given = `
global: {storageClass: fast, imageRegistry: mirror.example}
another: {chart: of, the: umbrella}
agentcube: {redis: {addr: "redis:6379"}, spire: {enabled: true}}`
	want := render(t, spire, "global: {imageRegistry: mirror.example}")
	for name, c := range map[string]struct{ dependency, on, off string }{
		"condition": {"condition: agentcube.enabled", "agentcube: {enabled: true}", "agentcube: {enabled: false}"},
		"global":    {"condition: global.agentcube.enabled", "global: {agentcube: {enabled: true}}", "global: {agentcube: {enabled: false}}"},
		"tag":       {"tags: [mtls]", "tags: {mtls: true}", "tags: {mtls: false}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dependencies := "[{name: agentcube, version: '*', " + c.dependency + "}]"
			assert.Equal(t, want, renderRelease(t, umbrella(t, dependencies, given, c.on)))
			none, err := umbrella(t, dependencies, given, c.off).Objects()
			require.NoError(t, err)
			assert.Empty(t, none)
		})
	}
}

// TestConditionOfNoUmbrella: without an umbrella chart a condition has no effect, and is rejected.
func TestConditionOfNoUmbrella(t *testing.T) {
	t.Parallel()
	_, err := chart.Release{Values: values(t, plain, "enabled: false")}.Render()
	assert.ErrorContains(t, err, "at '/enabled': value must be true")
}

// TestChartTwiceInOneUmbrella: it is rejected, because its objects have fixed names. One of two
// aliases may be off.
func TestChartTwiceInOneUmbrella(t *testing.T) {
	t.Parallel()
	const dependencies = `
    [{name: agentcube, version: '*', alias: first, condition: first.enabled}, {name: agentcube, version: '*', alias: second, condition: second.enabled}]`
	const given = "{first: {redis: {addr: 'redis:6379'}}, second: {redis: {addr: 'redis:6379'}}}"
	_, err := umbrella(t, dependencies, given).Render()
	for _, part := range []string{"the release has this chart twice, as umbrella/charts/", "umbrella/charts/first", "umbrella/charts/second", "keep one of them"} {
		require.ErrorContains(t, err, part)
	}
	assert.Len(t, renderRelease(t, umbrella(t, dependencies, given, "first: {enabled: false}")), len(render(t, plain)))
}
