package engine

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The file of a killed daemon is removed, though its number belongs to another program by now.
func TestStalePidFile(t *testing.T) {
	t.Parallel()
	pidFile := filepath.Join(t.TempDir(), "docker.pid")
	require.NoError(t, os.WriteFile(pidFile, []byte(strconv.Itoa(os.Getpid())), 0o600))
	require.NoError(t, forgetDeadDaemon(pidFile))
	assert.NoFileExists(t, pidFile)
	assert.NoError(t, forgetDeadDaemon(pidFile), "no pid file is nothing to forget")
}
