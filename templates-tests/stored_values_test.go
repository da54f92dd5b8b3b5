package templatestests

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"agentcube-mtls/templates-tests/chart"
)

// requiredByKubernetes is a key without which Kubernetes rejects the map that it is in, as the
// schema does. Its null is never stored.
const requiredByKubernetes = ".seccompProfile.type"

// TestStoredNullIsNoValue: `--set key=null` makes helm store a null, which it hands on with
// --reuse-values once the key is gone from the computed values. For every key, this is the same as
// no value: the default or, in a map of the user's, one entry less.
func TestStoredNullIsNoValue(t *testing.T) {
	t.Parallel()
	paths := keys("", chart.Base().Values)
	require.Greater(t, len(paths), 150)
	for _, path := range paths {
		if slices.Contains([]string{"redis", "redis.addr", "redis.password", "spire", "spire.enabled"}, path) {
			continue // of the settings that the render begins with
		}
		if strings.HasSuffix(path, requiredByKubernetes) {
			continue
		}
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			with := func(stored map[string]any) map[string]string {
				manifests, err := chart.Release{Upgrade: true, ReusedValues: without(t, path), Values: stored}.Render()
				require.NoError(t, err)
				return manifests
			}
			stored := values(t, spire)
			overlay(stored, nested(path, nil))
			assert.Equal(t, with(values(t, spire)), with(stored))
		})
	}
}

// TestStoredEmptyEntryIsNone: of `--set key={}` helm makes a list with an empty text. For every
// list, this is the same as an empty one.
func TestStoredEmptyEntryIsNone(t *testing.T) {
	t.Parallel()
	lists := 0
	for path, value := range leaves("", chart.Base().Values) {
		if _, isList := value.([]any); !isList {
			continue
		}
		lists++
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			with := func(value any) map[string]string {
				given := values(t, spire)
				overlay(given, nested(path, value))
				manifests, err := chart.Release{Values: given}.Render()
				require.NoError(t, err)
				return manifests
			}
			assert.Equal(t, with([]any{}), with([]any{""}))
		})
	}
	require.Greater(t, lists, 10)
}

// keys are the paths of all sections below a section, and of all values.
func keys(path string, section map[string]any) []string {
	var found []string
	for _, key := range slices.Sorted(maps.Keys(section)) {
		below := strings.TrimPrefix(path+"."+key, ".")
		found = append(found, below)
		if inner, isMap := section[key].(map[string]any); isMap {
			found = append(found, keys(below, inner)...)
		}
	}
	return found
}

// without are the chart's default values less one.
func without(t *testing.T, path string) map[string]any {
	t.Helper()
	values := clone(chart.Base().Values)
	require.Contains(t, keys("", values), path)
	unstructured.RemoveNestedField(values, strings.Split(path, ".")...)
	return values
}
