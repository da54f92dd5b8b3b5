package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestContainersAreFavored(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, favorContainers(root))
	assert.NoDirExists(t, filepath.Join(root, "cpu"), "control groups of version 2 have none")

	require.NoError(t, os.Mkdir(filepath.Join(root, "cpu"), 0o700))
	require.NoError(t, favorContainers(root))
	shares, err := os.ReadFile(filepath.Join(root, "cpu", "docker", "cpu.shares"))
	require.NoError(t, err)
	assert.Equal(t, "4096", string(shares))
	assert.NoError(t, favorContainers(root), "the group is there after the engine's first start")
}
