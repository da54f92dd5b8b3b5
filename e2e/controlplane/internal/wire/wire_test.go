package wire_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/controlplane/internal/wire"
)

// The other side may be a program of AgentCube's, which knows these names and no others.
func TestNames(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "X-AgentCube-User-Identity", wire.UserIdentity)
	text, err := json.Marshal(wire.Created{Kind: "Sandbox"})
	require.NoError(t, err)
	var created map[string]any
	require.NoError(t, json.Unmarshal(text, &created))
	assert.Equal(t, "Sandbox", created["kind"])
	assert.Contains(t, created, "sessionId")
}
