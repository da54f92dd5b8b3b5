package command

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A failure says what was run and what it printed last.
func TestCommandFailure(t *testing.T) {
	t.Parallel()
	err := New("sh", "-c", "seq 10000; echo the disk is full >&2; exit 3").Run(t.Context())
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "sh -c seq")
	require.ErrorContains(t, err, "the disk is full")
	assert.NotContains(t, err.Error(), "\n17\n", "the beginning of a long output is left out")
}

// The output is what came on standard output alone.
func TestCommandOutput(t *testing.T) {
	t.Parallel()
	output, err := New("sh", "-c", "for i in $(seq 500); do echo out; echo err >&2; done").Output(t.Context())
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSpace(strings.Repeat("out\n", 500)), output)
}

// A command is given its folder, environment and input.
func TestCommandInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	output, err := New("sh", "-c", "pwd; echo $NAME; cat").In(dir).With("NAME=value").Reading(strings.NewReader("input")).Output(t.Context())
	require.NoError(t, err)
	assert.Equal(t, dir+"\nvalue\ninput", output)
}
