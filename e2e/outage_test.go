package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/traffic"
)

// TestTheSPIREServerMayBeGoneForMoreThanHalfTheLifeOfACertificate takes the server away when both sides have young certificates, and
// brings it back before these expire.
func TestTheSPIREServerMayBeGoneForMoreThanHalfTheLifeOfACertificate(t *testing.T) {
	ctx := startLong(t)
	// Agents ask ever less often while nobody answers, at last once in 48 times spire.agent.syncInterval, which is 96 s. That must fit
	// into what of a life is left after the outage.
	const life = 8 * time.Minute
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
	await("young certificates", func() bool { return left() > life*7/8 })
	load.Mark("SPIRE server gone")
	gone := time.Now()
	require.NoError(t, server.Scale(ctx, 0))
	await("half the life to pass", func() bool { return time.Since(gone) > life/2 })
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
	require.NoError(t, load.awaitCertificates(ctx, "certificates", func(c record.Certificate) bool { return c.Serial != "" }))
	var expired time.Time
	endure(ctx, t, load, []fault{
		{"SPIRE server gone until certificates have expired", func(ctx context.Context) error {
			if err := server.Scale(ctx, 0); err != nil {
				return err
			}
			if err := load.awaitCertificates(ctx, "certificates to expire", func(c record.Certificate) bool { return time.Now().After(c.Expires) }); err != nil {
				return err
			}
			expired = load.newest("agentcube-router").Expires
			if manager := load.newest("workloadmanager").Expires; manager.Before(expired) {
				expired = manager
			}
			load.Mark("certificates expired")
			switch _, err := r.Handshake(ctx); {
			case err == nil:
				return errors.New("expired certificates made a connection")
			case !strings.Contains(err.Error(), "expired"):
				return err
			}
			load.Mark("SPIRE server back")
			return server.Scale(ctx, 1)
		}, traffic.Spared{Calls: true, Sessions: true}},
		{"SPIRE server's volume lost", func(ctx context.Context) error {
			authority := load.newest("workloadmanager").Authority
			if err := server.Scale(ctx, 0); err != nil {
				return err
			}
			if err := server.LoseVolume(ctx, "data-spire-server-0"); err != nil {
				return err
			}
			if err := server.Scale(ctx, 1); err != nil {
				return err
			}
			return load.awaitCertificates(ctx, "certificates of a new CA", func(c record.Certificate) bool { return c.Authority != authority })
		}, traffic.Spared{Calls: true, Sessions: true}},
	})
	for _, handshake := range load.end(ctx, t).Handshakes {
		assert.True(t, handshake.At.After(expired), "a handshake failed before a certificate had expired, at %s: %+v", expired, handshake)
	}
}

// awaitCertificates waits until something holds for the certificates of both sides that are in use by then.
func (s *scenario) awaitCertificates(ctx context.Context, what string, holds func(record.Certificate) bool) error {
	return kube.Eventually(ctx, what, func(context.Context) error {
		for _, account := range []string{"agentcube-router", "workloadmanager"} {
			if newest := s.newest(account); !holds(newest) {
				return fmt.Errorf("%s has %+v", account, newest)
			}
		}
		return nil
	})
}

// newest returns the certificate that the program of a ServiceAccount began to use last.
func (s *scenario) newest(account string) record.Certificate {
	seen := s.Certificates(account)
	if len(seen) == 0 {
		return record.Certificate{}
	}
	return seen[len(seen)-1]
}

// recover waits until a hundred requests in a row, of those that are sent from now on, were served.
func (s *scenario) recover(ctx context.Context) error {
	now := time.Now()
	err := kube.Eventually(ctx, "invocations to be served again", func(context.Context) error {
		since := slices.DeleteFunc(s.Requests(), func(q record.Request) bool { return q.Sent.Before(now) })
		if len(since) < 100 {
			return fmt.Errorf("%d were answered so far", len(since))
		}
		for _, request := range since[len(since)-100:] {
			if request.Failure != "" {
				return fmt.Errorf("one of the last hundred failed: %s", request.Failure)
			}
		}
		return nil
	})
	if err == nil {
		s.Mark("served again")
	}
	return err
}
