package environment_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"agentcube-mtls/e2e/environment"
)

func TestSOAKAsksForTheWholeMix(t *testing.T) {
	t.Setenv("SOAK", "")
	assert.False(t, environment.Soak())
	assert.Len(t, environment.Mix(), 2)
	t.Setenv("SOAK", "1")
	assert.True(t, environment.Soak())
	assert.Len(t, environment.Mix(), 9)
}
