package apiserver

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A program ends with the process that started it, also if that is killed.
func TestProgramEndsWithItsParent(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a program with its parent")
	}
	wrapped := filepath.Join(t.TempDir(), "sh")
	require.NoError(t, wrap(wrapped, "sh"))
	read, write, err := os.Pipe()
	require.NoError(t, err)
	parent := exec.CommandContext(t.Context(), "sh", "-c", `"$0" -c 'echo runs && exec sleep 300' & wait`, wrapped)
	parent.Stdout = write
	require.NoError(t, parent.Start())
	require.NoError(t, write.Close())
	require.NoError(t, read.SetReadDeadline(time.Now().Add(time.Minute)))
	output := bufio.NewReader(read)
	_, err = output.ReadString('\n')
	require.NoError(t, err)

	require.NoError(t, parent.Process.Kill())
	_, err = io.Copy(io.Discard, output) // ends once no process holds the other end
	require.NoError(t, err, "the program still runs")
}
