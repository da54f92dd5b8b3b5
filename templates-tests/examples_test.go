package templatestests

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	appsv1 "k8s.io/api/apps/v1"

	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/chart"
)

// examples returns the files in values/, by name.
func examples(t testing.TB) map[string]string {
	t.Helper()
	return contents(t, "values/*.yaml")
}

// ciValues returns the files with which chart-testing lints and installs the chart, by name.
func ciValues(t testing.TB) map[string]string {
	t.Helper()
	return contents(t, "charts/base/ci/*-values.yaml")
}

// contents are those of the YAML files that a pattern finds in the repository, by the files' names.
func contents(t testing.TB, pattern string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repo.Path(), pattern))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	found := map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		found[strings.TrimSuffix(filepath.Base(file), ".yaml")] = string(content)
	}
	return found
}

// Every example is there and renders.
func TestExamples(t *testing.T) {
	t.Parallel()
	found := examples(t)
	for _, name := range []string{"minimal", "kind", "production", "high-availability", "existing-spire", "openshift", "quota"} {
		assert.Contains(t, found, name)
	}
	for name, content := range found {
		assert.NotEmpty(t, render(t, content), name)
		assert.NotEmpty(t, render(t, content, "spire: {enabled: true}"), "%s, with SPIRE", name)
	}
}

// TestCIValuesRender: each file with which chart-testing lints and installs the chart renders; none
// is called so that chart-testing passes it over, and none is in the package.
func TestCIValuesRender(t *testing.T) {
	t.Parallel()
	found := ciValues(t)
	for name, mutualTLS := range map[string]bool{"embedded-redis-values": false, "spire-values": true} {
		require.Contains(t, found, name)
		objects := render(t, found[name])
		get[*appsv1.Deployment](t, objects, "agentcube-redis")
		assert.Equal(t, mutualTLS, len(all[*appsv1.StatefulSet](objects)) == 1, "%s: a SPIRE server", name)
	}
	for name, content := range found {
		assert.NotEmpty(t, render(t, content), name)
	}
	assert.Len(t, found, len(contents(t, "charts/base/ci/*")), "chart-testing takes *-values.yaml only")
	for _, file := range chart.Base().Raw {
		assert.False(t, strings.HasPrefix(file.Name, "ci/"), "%s is in the package: list it in .helmignore", file.Name)
	}
}

func TestExamplesHoldTheProperties(t *testing.T) {
	t.Parallel()
	for name, content := range examples(t) {
		release := chart.Release{Name: "agentcube", Namespace: "agentcube", Values: values(t, content)}
		objects := renderRelease(t, release)
		for _, p := range properties {
			if p.name == "every reference resolves" {
				continue // they name Secrets that are the reader's
			}
			assert.Empty(t, p.wrong(combination{release: release}, objects), "%s: %s", name, p.name)
		}
	}
}

// Helm lint has no complaint about the charts.
func TestHelmLint(t *testing.T) {
	t.Parallel()
	root := repo.Path()
	for _, dir := range []string{"charts/base", "charts/spire-crds"} {
		given := map[string]map[string]any{"defaults": {}}
		if dir == "charts/base" {
			for name, content := range examples(t) {
				given[name] = values(t, content)
			}
			for name, content := range ciValues(t) {
				given["ci/"+name] = values(t, content)
			}
		}
		for name, settings := range given {
			for _, message := range lint.AllWithKubeVersion(filepath.Join(root, dir), settings, "agentcube", nil).Messages {
				assert.Less(t, message.Severity, support.WarningSev, "%s with %s: %s", dir, name, message)
			}
		}
	}
}

// Every value has a schema with a description.
func TestSchemaIsComplete(t *testing.T) {
	t.Parallel()
	schema := chart.Base().Schema
	require.NotEmpty(t, schema)
	var parsed map[string]any
	require.NoError(t, json.Unmarshal(schema, &parsed))
	undescribed(t, "", parsed)
}

// undescribed fails for each value, sections aside, of which the schema says nothing to people.
func undescribed(t *testing.T, path string, schema map[string]any) {
	t.Helper()
	properties, isSection := schema["properties"].(map[string]any)
	if !isSection {
		assert.NotEmpty(t, schema["description"], "%s lacks a comment `# --` in values.yaml", path)
		return
	}
	for key, property := range properties {
		undescribed(t, path+"."+key, property.(map[string]any))
	}
}

// TestRendersAreEqual: Argo CD renders again and again, and takes each difference for one between
// the cluster and what is wanted.
func TestRendersAreEqual(t *testing.T) {
	t.Parallel()
	given := append(slices.Collect(maps.Values(examples(t))), settings...)
	for _, document := range given {
		first, err := chart.Release{Values: values(t, document)}.Render()
		require.NoError(t, err)
		second, err := chart.Release{Values: values(t, document)}.Render()
		require.NoError(t, err)
		assert.Equal(t, first, second)
	}
}
