package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestCertificatesAndTheirCARotateUnderLoadWithoutARestart lets SPIRE issue certificates that live one minute, so that they are renewed
// twice a minute, from a CA that is renewed in less than two. SOAK=1 watches thirty rotations instead of three.
func TestCertificatesAndTheirCARotateUnderLoadWithoutARestart(t *testing.T) {
	ctx := startLong(t)
	rotations := 3
	if soak {
		rotations = 30
	}
	r := install(t, "rotating", map[string]string{
		"spire.enabled": "true", "spire.server.ca.x509SvidDefaultTtl": "1m", "spire.server.ca.ttl": "2m",
	})
	load := underLoad(ctx, t, r)
	for _, account := range []string{"agentcube-router", "workloadmanager"} {
		for n := range rotations {
			eventually(ctx, t, fmt.Sprintf("rotation %d of %s", n+1, account), func(context.Context) error {
				if seen := len(load.Certificates(account)); seen < n+2 {
					return fmt.Errorf("%d certificates so far", seen)
				}
				return nil
			})
		}
		eventually(ctx, t, "the CA to rotate twice", func(context.Context) error {
			signers := map[string]bool{}
			for _, certificate := range load.Certificates(account) {
				signers[certificate.Authority] = true
			}
			if len(signers) < 3 {
				return fmt.Errorf("%d CAs have signed certificates of %s so far", len(signers), account)
			}
			return nil
		})
	}
	_, err := r.Handshake(ctx)
	assert.NoError(t, err)
	load.requireNoFailure(ctx, t)
	assert.Empty(t, load.end(ctx, t).Handshakes, "a connection can be made at any moment")
}
