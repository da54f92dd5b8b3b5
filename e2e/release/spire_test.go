package release

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An agent whose certificate has expired is not attested.
func TestExpiredAgent(t *testing.T) {
	t.Parallel()
	valid, err := attested(`{"agents": [
		{"id": {"trust_domain": "cluster.local", "path": "/spire/agent/k8s_psat/agentcube/a"}, "x509svid_expires_at": "1000"},
		{"id": {"trust_domain": "cluster.local", "path": "/spire/agent/k8s_psat/agentcube/b"}, "x509svid_expires_at": "1001"}
	]}`, time.Unix(1000, 0))
	require.NoError(t, err)
	assert.Equal(t, map[string]bool{"b": true}, valid)
}
