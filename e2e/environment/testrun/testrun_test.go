package testrun

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A run that ends beside another one removes its own containers, and none of the other's.
func TestContainersOfAnotherRunStay(t *testing.T) {
	dir := t.TempDir()
	removed := filepath.Join(dir, "removed")
	// A docker that only lists the containers with a label, and removes them.
	docker := `#!/bin/sh
case "$*" in
*label=` + Label("agentcube-test") + `) echo registry postgresql ;;
*label=` + Label("agentcube-guides") + `) ;;
rm*) echo "$@" >>` + removed + ` ;;
*) echo "unexpected: $*" >&2; exit 1 ;;
esac
`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "docker"), []byte(docker), 0o700))
	t.Setenv("PATH", dir)

	require.NoError(t, removeContainers(t.Context(), "agentcube-guides"))
	assert.NoFileExists(t, removed)

	require.NoError(t, removeContainers(t.Context(), "agentcube-test"))
	content, err := os.ReadFile(removed)
	require.NoError(t, err)
	assert.Equal(t, "rm --force --volumes registry postgresql\n", string(content))
}
