package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/e2e/traffic"
)

// life is that of the certificates in the scenario server-outage. Agents retry with exponential
// backoff, at intervals of up to 48 times spire.agent.syncInterval. That must fit into the rest of
// the lifetime after the outage.
const life = 5 * time.Minute

var serverOutage = suite.Scenario{
	Name:        "server-outage",
	Description: "The SPIRE server is unavailable for half the lifetime of a certificate; no request and no handshake fails.",
	Slow:        true,
	Values:      map[string]string{"spire.enabled": "true", "spire.server.ca.x509SvidDefaultTtl": life.String(), "spire.agent.syncInterval": "1s"},
	Run: func(ctx context.Context, t *testing.T, r release.Release) {
		server, load := target(r, "spire-server"), suite.UnderLoad(ctx, t, r)

		// Both sides' certificates, whichever is the older.
		left := func() time.Duration {
			return min(time.Until(load.Newest("agentcube-router").Expires), time.Until(load.Newest("workloadmanager").Expires))
		}
		await := func(what string, holds func() bool) error {
			return kube.Eventually(ctx, what, func(context.Context) error {
				if !holds() {
					return fmt.Errorf("the older one expires in %s", left())
				}
				return nil
			})
		}
		require.NoError(t, await("young certificates", func() bool { return left() > life*7/8 }))
		suite.Endure(ctx, t, load, []suite.Fault{{Name: "SPIRE server down for half the life of a certificate", Inject: func(ctx context.Context) error {
			gone := time.Now()
			if err := server.Scale(ctx, 0); err != nil {
				return err
			}
			if err := await("half the life to pass", func() bool { return time.Since(gone) > life/2 }); err != nil {
				return err
			}
			load.Mark("SPIRE server back")
			if err := server.Scale(ctx, 1); err != nil {
				return err
			}
			return await("new certificates", func() bool { return left() > life/2 })
		}, Spares: suite.Everything}})
		assert.Empty(t, load.End(ctx, t).Restarts, "restarted containers")
	},
}

var expiry = suite.Scenario{
	Name:        "expired-certificates",
	Description: "The SPIRE server is unavailable until certificates expire, and then loses its volume with the keys of the CA, while requests over existing connections are served.",
	Values:      map[string]string{"spire.enabled": "true", "spire.server.ca.x509SvidDefaultTtl": "1m"},
	Run: func(ctx context.Context, t *testing.T, r release.Release) {
		server, load := target(r, "spire-server"), suite.UnderLoad(ctx, t, r)
		require.NoError(t, load.AwaitCertificates(ctx, "certificates", func(c record.Certificate) bool { return c.Serial != "" }))
		var expired time.Time
		suite.Endure(ctx, t, load, []suite.Fault{
			{Name: "SPIRE server down until certificates have expired", Inject: func(ctx context.Context) error {
				if err := server.Scale(ctx, 0); err != nil {
					return err
				}
				if err := load.AwaitCertificates(ctx, "certificates to expire", func(c record.Certificate) bool { return time.Now().After(c.Expires) }); err != nil {
					return err
				}
				expired = load.Newest("agentcube-router").Expires
				if manager := load.Newest("workloadmanager").Expires; manager.Before(expired) {
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
			}, Spares: traffic.Spared{Calls: true, Sessions: true}},
			{Name: "SPIRE server's volume lost", Inject: func(ctx context.Context) error {
				authority := load.Newest("workloadmanager").Authority
				if err := server.Scale(ctx, 0); err != nil {
					return err
				}
				if err := server.LoseVolume(ctx, "data-spire-server-0"); err != nil {
					return err
				}
				if err := server.Scale(ctx, 1); err != nil {
					return err
				}
				return load.AwaitCertificates(ctx, "certificates of a new CA", func(c record.Certificate) bool { return c.Authority != authority })
			}, Spares: traffic.Spared{Calls: true, Sessions: true}},
		})
		for _, handshake := range load.End(ctx, t).Handshakes {
			assert.True(t, handshake.At.After(expired), "a handshake failed before a certificate had expired, at %s: %+v", expired, handshake)
		}
	},
}
