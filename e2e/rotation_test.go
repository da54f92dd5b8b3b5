package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
)

var rotation = suite.Scenario{
	Name:        "rotation",
	Description: "Certificates that live one minute and their CA rotate under load without a restart, three times, or thirty times with SOAK=1.",
	Slow:        true,
	Values: map[string]string{
		"spire.enabled": "true", "spire.server.ca.x509SvidDefaultTtl": "1m", "spire.server.ca.ttl": "2m",
	},
	Run: func(ctx context.Context, t *testing.T, r release.Release) {
		rotations := 3
		if suite.Soak {
			rotations = 30
		}
		load := suite.UnderLoad(ctx, t, r)
		for _, account := range []string{"agentcube-router", "workloadmanager"} {
			for n := range rotations {
				suite.Eventually(ctx, t, fmt.Sprintf("rotation %d of %s", n+1, account), func(context.Context) error {
					if seen := len(load.Certificates(account)); seen < n+2 {
						return fmt.Errorf("%d certificates so far", seen)
					}
					return nil
				})
			}
			suite.Eventually(ctx, t, "the CA to rotate twice", func(context.Context) error {
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
		require.NoError(t, err)
		load.RequireNoFailure(ctx, t)
		assert.Empty(t, load.End(ctx, t).Handshakes, "a connection can be made at any moment")
	},
}
