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

func TestChangelogHasTheChangesOfTheChart(t *testing.T) {
	t.Parallel()
	var changes []struct{ Kind, Description string }
	metadata := chart.Base().Metadata
	require.NoError(t, yaml.Unmarshal([]byte(metadata.Annotations["artifacthub.io/changes"]), &changes))
	require.NotEmpty(t, changes)
	var listed []string
	for _, change := range changes {
		listed = append(listed, change.Kind+": "+change.Description)
	}

	newest := strings.Split(read(t, "CHANGELOG.md"), "\n## ")[1]
	version, newest, _ := strings.Cut(newest, "\n")
	assert.Equal(t, metadata.Version, version)
	var logged []string
	for _, section := range strings.Split(newest, "\n### ")[1:] {
		kind, entries, _ := strings.Cut(section, "\n")
		for _, entry := range strings.Split(entries, "\n- ")[1:] {
			logged = append(logged, strings.ToLower(kind)+": "+strings.Join(strings.Fields(entry), " "))
		}
	}
	assert.ElementsMatch(t, listed, logged)
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(repo.Path(path))
	require.NoError(t, err)
	return string(content)
}
