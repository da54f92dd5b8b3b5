package templatestests

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/generate"
)

func TestGeneratedFilesAreCurrent(t *testing.T) {
	t.Parallel()
	root := repo.Path()
	files, err := generate.All(t.Context(), root)
	require.NoError(t, err)

	for path, want := range files {
		got, err := os.ReadFile(filepath.Join(root, path))
		require.NoError(t, err)
		assert.True(t, string(want) == string(got), "%s is out of date: run go generate ./templates-tests", path)
	}
}
