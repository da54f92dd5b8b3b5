package nodeimage

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/components"
)

// These names tell which images a kept cluster runs.
func TestPublishedImages(t *testing.T) {
	t.Parallel()
	minors, err := components.KubernetesMinors()
	require.NoError(t, err)
	for _, minor := range minors {
		assert.Regexp(t, "^kindest/node:v"+minor+`\.\d+@sha256:[0-9a-f]{64}$`, published[minor])
	}
}
