package guide

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/repo"
)

// Every page has only blocks that the runner knows.
func TestPages(t *testing.T) {
	t.Parallel()
	pages := []string{repo.Path("README.md")}
	require.NoError(t, filepath.WalkDir(repo.Path("docs"), func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	}))
	for _, page := range pages {
		_, err := Read(page, page)
		require.NoError(t, err)
	}
}
