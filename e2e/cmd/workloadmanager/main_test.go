package main

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/testprogram"
)

func TestMain(m *testing.M) { testprogram.Main(m, main) }

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
			log, err := testprogram.Command(t.Context(), []string{test.flag}, nil).CombinedOutput()
			var ended *exec.ExitError
			require.ErrorAs(t, err, &ended, string(log))
			assert.Contains(t, string(log), test.says)
		})
	}
}
