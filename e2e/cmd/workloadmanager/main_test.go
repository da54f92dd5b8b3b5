package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asProgram is set in a process that is the WorkloadManager.
const asProgram = "BE_THE_WORKLOADMANAGER"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// The WorkloadManager ends where it cannot start.
func TestFailedStart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ flag, says string }{
		"unknown flag":                  {"--no-such-flag", "flag provided but not defined"},
		"part of the certificate files": {"--tls-cert=svid.pem", "go together"},
		"outside of a cluster":          {"--port=0", "reading in-cluster configuration"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := exec.CommandContext(t.Context(), os.Args[0], test.flag)
			program.Env = []string{asProgram + "=yes"}
			log, err := program.CombinedOutput()
			var ended *exec.ExitError
			require.ErrorAs(t, err, &ended, string(log))
			assert.Contains(t, string(log), test.says)
		})
	}
}
