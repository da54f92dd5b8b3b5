package suite

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDrains(t *testing.T) {
	t.Parallel()
	values := map[string]string{"spire.enabled": "true", "router.drainSeconds": "5"}
	assert.Equal(t, values, withDrains(values, false))
	assert.Equal(t, map[string]string{"spire.enabled": "true", "router.drainSeconds": "5", "workloadmanager.drainSeconds": "100"}, withDrains(values, true))
	assert.Len(t, values, 2, "a scenario's own values stay")
	assert.Equal(t, "40", withDrains(nil, true)["router.drainSeconds"])
	assert.Equal(t, "20", drainSeconds(false))
	assert.Equal(t, "100", drainSeconds(true))
}
