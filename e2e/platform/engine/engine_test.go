package engine

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The error names the command that starts the engine.
func TestEngineThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	down := errors.New("docker version: Cannot connect to the Docker daemon at unix:///var/run/docker.sock")
	denied := errors.New("docker version: permission denied while trying to connect to the Docker daemon socket")
	for name, c := range map[string]struct {
		machine machine
		problem error
		says    string
	}{
		"not installed":          {machine{}, down, "sudo apt-get install docker.io"},
		"not running":            {machine{installed: true}, down, "sudo systemctl start docker"},
		"root, but not Debian":   {machine{root: true}, down, "sudo apt-get install docker.io"},
		"no permission":          {machine{installed: true}, denied, "sudo usermod -aG docker"},
		"another engine is down": {machine{host: "tcp://192.0.2.1:2376", root: true, debian: true}, down, "unset DOCKER_HOST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.ErrorContains(t, c.machine.fixable(c.problem), c.says)
		})
	}
	t.Run("root on Debian brings it up", func(t *testing.T) {
		t.Parallel()
		assert.NoError(t, machine{root: true, debian: true}.fixable(down))
	})
}

// A disk too full is named before anything is built.
func TestDiskTooFull(t *testing.T) {
	t.Parallel()
	const tebibytes = 1 << 20
	err := CheckDisk(t.Context(), tebibytes)
	require.ErrorContains(t, err, "make room")
	require.ErrorContains(t, err, "GiB are free")
	assert.NoError(t, CheckDisk(t.Context(), 0))
}
