package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRouterAndWorkloadManagerProveTheirIdentitiesOverTLS13(t *testing.T) {
	ctx := start(t)
	seen, err := suite.release.Handshake(ctx)
	require.NoError(t, err)
	assert.Equal(t, "TLS 1.3", seen.Version)
	assert.Equal(t, http.StatusOK, seen.Status)
	assert.Equal(t, "spiffe://cluster.local/ns/agentcube/sa/agentcube-router", seen.Client.ID)
	assert.Equal(t, "spiffe://cluster.local/ns/agentcube/sa/workloadmanager", seen.Server.ID)
	for side, svid := range map[string]time.Time{"Router": seen.Client.Expires, "WorkloadManager": seen.Server.Expires} {
		assert.True(t, svid.After(time.Now()), "the %s's certificate expired at %s", side, svid)
		assert.True(t, svid.Before(time.Now().Add(2*time.Hour)), "the %s's certificate is not short-lived: it expires at %s", side, svid)
	}
}

func TestSPIREAttestsEveryNodeAndRegistersBothPrograms(t *testing.T) {
	ctx := start(t)
	for what, check := range map[string]func() (string, error){
		"server":   func() (string, error) { return suite.release.ServerHealthy(ctx) },
		"agents":   func() (string, error) { return suite.release.AgentsAttested(ctx) },
		"entries":  func() (string, error) { return suite.release.EntriesRegistered(ctx) },
		"sidecars": func() (string, error) { return suite.release.SidecarsReady(ctx) },
	} {
		seen, err := check()
		assert.NoError(t, err, what)
		t.Log(what, seen)
	}
}

func TestAnUnknownRuntimeComesBackAs404WhichTheWorkloadManagerSaid(t *testing.T) {
	ctx := start(t)
	answer, err := suite.release.Invoke(ctx, "nobody", "x")
	require.NoError(t, err)
	assert.Equal(t, http.StatusNotFound, answer.Status, answer.Body)
	assert.Contains(t, answer.Body, "nobody", "the WorkloadManager names the runtime; the API server, whose proxy asks the Router, does not")
}
