package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCertificatesRotateUnderLoadWithoutARestart lets SPIRE issue certificates that live one minute, so that they are renewed twice
// a minute, while invocations go on. SOAK=1 watches thirty rotations instead of three.
func TestCertificatesRotateUnderLoadWithoutARestart(t *testing.T) {
	ctx := start(t)
	rotations := 3
	if os.Getenv("SOAK") != "" {
		rotations = 30
	}
	r := install(t, "rotating", map[string]string{"spire.enabled": "true", "spire.server.ca.x509SvidDefaultTtl": "1m"})
	load := underLoad(ctx, t, r)

	first, err := r.Handshake(ctx)
	require.NoError(t, err)
	seen := map[string]bool{first.Server.Serial: true}
	last := first
	for range rotations {
		eventually(ctx, t, "the WorkloadManager to serve a new certificate", func(ctx context.Context) error {
			now, err := r.Handshake(ctx)
			if err != nil {
				return err
			}
			if seen[now.Server.Serial] {
				return fmt.Errorf("it still serves the one with serial %s", now.Server.Serial)
			}
			seen[now.Server.Serial], last = true, now
			return nil
		})
	}
	assert.Equal(t, first.Server.ID, last.Server.ID)
	assert.Equal(t, first.Client.ID, last.Client.ID)
	assert.NotEqual(t, first.Client.Serial, last.Client.Serial, "the Router's certificate was renewed too")
	_, err = r.NoRestarts(ctx)
	assert.NoError(t, err)
	load.requireNoFailure(ctx, t)
}

// TestSPIREMayFailForAWhileWithoutAFailedInvocation kills parts of SPIRE, one after the other, while invocations go on.
func TestSPIREMayFailForAWhileWithoutAFailedInvocation(t *testing.T) {
	ctx := start(t)
	r := install(t, "faults", map[string]string{"spire.enabled": "true"})
	load := underLoad(ctx, t, r)
	for _, part := range []string{"spire-server", "spire-agent"} {
		killPods(ctx, t, r.Namespace, part)
		eventually(ctx, t, part+" to be healthy again", func(ctx context.Context) error {
			if unready := r.Unready(ctx, r.Namespace); len(unready) > 0 {
				return fmt.Errorf("not ready: %v", unready)
			}
			if _, err := r.ServerHealthy(ctx); err != nil {
				return err
			}
			_, err := r.AgentsAttested(ctx)
			return err
		})
	}
	_, err := r.Handshake(ctx)
	assert.NoError(t, err)
	load.requireNoFailure(ctx, t)
}
