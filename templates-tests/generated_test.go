package templatestests

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

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
		if !bytes.Equal(want, got) {
			t.Errorf("%s is out of date: run go generate ./templates-tests", path)
		}
	}
}
