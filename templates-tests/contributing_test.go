package templatestests

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/chart"
)

// TestChartListsItsChanges: its Chart.yaml is generated from the changelog's newest section.
func TestChartListsItsChanges(t *testing.T) {
	t.Parallel()
	var changes []struct{ Kind, Description string }
	metadata := chart.Base().Metadata
	require.NoError(t, yaml.Unmarshal([]byte(metadata.Annotations["artifacthub.io/changes"]), &changes))
	require.NotEmpty(t, changes)
	for _, change := range changes {
		assert.Contains(t, []string{"added", "changed", "deprecated", "removed", "fixed", "security"}, change.Kind)
		assert.NotEmpty(t, change.Description)
	}
	version, _, _ := strings.Cut(strings.Split(read(t, "CHANGELOG.md"), "\n## ")[1], "\n")
	assert.Equal(t, metadata.Version, version)
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(repo.Path(path))
	require.NoError(t, err)
	return string(content)
}
