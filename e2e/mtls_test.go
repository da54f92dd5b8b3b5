package e2e

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
)

var handshake = suite.Scenario{
	Name:        "handshake",
	Description: "Router and WorkloadManager prove their identities over TLS 1.3 with short-lived certificates.",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		seen, err := suite.Env.Release.Handshake(ctx)
		require.NoError(t, err)
		assert.Equal(t, "TLS 1.3", seen.Version)
		assert.Equal(t, http.StatusOK, seen.Status)
		assert.Equal(t, "spiffe://cluster.local/ns/agentcube/sa/agentcube-router", seen.Client.ID)
		assert.Equal(t, "spiffe://cluster.local/ns/agentcube/sa/workloadmanager", seen.Server.ID)
		for side, svid := range map[string]time.Time{"Router": seen.Client.Expires, "WorkloadManager": seen.Server.Expires} {
			assert.True(t, svid.After(time.Now()), "the %s's certificate expired at %s", side, svid)
			assert.True(t, svid.Before(time.Now().Add(2*time.Hour)), "the %s's certificate is not short-lived: it expires at %s", side, svid)
		}
	},
}

var attestation = suite.Scenario{
	Name:        "attestation",
	Description: "SPIRE attests every node and registers Router and WorkloadManager.",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		for what, check := range map[string]func() (string, error){
			"server":   func() (string, error) { return suite.Env.Release.ServerHealthy(ctx) },
			"agents":   func() (string, error) { return suite.Env.Release.AgentsAttested(ctx) },
			"entries":  func() (string, error) { return suite.Env.Release.EntriesRegistered(ctx) },
			"sidecars": func() (string, error) { return suite.Env.Release.SidecarsReady(ctx) },
		} {
			seen, err := check()
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			t.Log(what, seen)
		}
	},
}

var unknownRuntime = suite.Scenario{
	Name:        "unknown-runtime",
	Description: "A request for an unknown runtime gets the 404 of the WorkloadManager, which names the runtime.",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		answer, err := suite.Env.Release.Invoke(ctx, "nobody", "x")
		require.NoError(t, err)
		assert.Equal(t, http.StatusNotFound, answer.Status, answer.Body)
		assert.Contains(t, answer.Body, "nobody", "the WorkloadManager names the runtime; the API server, whose proxy asks the Router, does not")
	},
}
