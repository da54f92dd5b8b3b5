package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/observed"
)

// TestTheSPIREServerMayBeGoneForMoreThanHalfTheLifeOfACertificate takes the server away when both sides have young certificates, and
// brings it back before these expire.
func TestTheSPIREServerMayBeGoneForMoreThanHalfTheLifeOfACertificate(t *testing.T) {
	ctx := start(t)
	const life = 4 * time.Minute
	r := install(t, "outage", map[string]string{"spire.enabled": "true", "spire.server.ca.x509SvidDefaultTtl": life.String()})
	server, load := target(r, "spire-server"), underLoad(ctx, t, r)

	// Both sides' certificates, whichever is the older.
	left := func() time.Duration {
		return min(time.Until(load.newest("agentcube-router").Expires), time.Until(load.newest("workloadmanager").Expires))
	}
	await := func(what string, holds func() bool) {
		eventually(ctx, t, what, func(context.Context) error {
			if !holds() {
				return fmt.Errorf("the older one expires in %s", left())
			}
			return nil
		})
	}
	await("young certificates", func() bool { return left() > life*5/6 })
	load.Mark("SPIRE server gone")
	gone := time.Now()
	require.NoError(t, server.Scale(ctx, 0))
	await("half the life to pass", func() bool { return time.Since(gone) > life*11/20 })
	load.Mark("SPIRE server back")
	require.NoError(t, server.Scale(ctx, 1))
	await("new certificates", func() bool { return left() > life/2 })
	load.requireNoFailure(ctx, t)
	assert.Empty(t, load.end(ctx, t).Handshakes, "a connection can be made at any moment")
}

// TestExpiredCertificatesMakeNoConnectionUntilTheServerIsBack leaves the server away for too long, and then takes its volume too, with
// the keys of the CA that everybody trusts. Invocations over connections that were made before go on.
func TestExpiredCertificatesMakeNoConnectionUntilTheServerIsBack(t *testing.T) {
	ctx := start(t)
	r := install(t, "expiry", map[string]string{"spire.enabled": "true", "spire.server.ca.x509SvidDefaultTtl": "1m"})
	server, load := target(r, "spire-server"), underLoad(ctx, t, r)

	load.Mark("SPIRE server gone")
	require.NoError(t, server.Scale(ctx, 0))
	time.Sleep(time.Until(load.newest("agentcube-router").Expires))
	time.Sleep(time.Until(load.newest("workloadmanager").Expires))
	load.Mark("certificates expired")
	_, err := r.Handshake(ctx)
	require.ErrorContains(t, err, "expired")
	load.Mark("SPIRE server back")
	require.NoError(t, server.Scale(ctx, 1))
	eventually(ctx, t, "a handshake", func(ctx context.Context) error { return load.healthy(ctx) })
	load.recover(ctx, t)

	authority := load.newest("workloadmanager").Authority
	load.Mark("SPIRE server's volume lost")
	require.NoError(t, server.Scale(ctx, 0))
	require.NoError(t, server.LoseVolume(ctx, "data-spire-server-0"))
	require.NoError(t, server.Scale(ctx, 1))
	eventually(ctx, t, "certificates of a new CA", func(context.Context) error {
		for _, account := range []string{"agentcube-router", "workloadmanager"} {
			if newest := load.newest(account); newest.Authority == authority {
				return fmt.Errorf("that of %s is still of the CA %s", account, authority)
			}
		}
		return nil
	})
	load.recover(ctx, t)
	for _, failed := range load.end(ctx, t).Failed() {
		assert.False(t, failed.Session, "Router and sandbox need no certificate: %+v", failed)
	}
}

// newest returns the certificate that the program of a ServiceAccount began to use last.
func (s *scenario) newest(account string) observed.Certificate {
	seen := s.Certificates(account)
	if len(seen) == 0 {
		return observed.Certificate{}
	}
	return seen[len(seen)-1]
}

// recover waits until a hundred requests in a row were served.
func (s *scenario) recover(ctx context.Context, t *testing.T) {
	t.Helper()
	eventually(ctx, t, "invocations to be served again", func(ctx context.Context) error {
		requests, err := s.Requests(ctx)
		if err != nil {
			return err
		}
		for _, request := range requests[max(0, len(requests)-100):] {
			if request.Failure != "" {
				return fmt.Errorf("one of the last hundred failed: %s", request.Failure)
			}
		}
		return nil
	})
	s.Mark("served again")
}
