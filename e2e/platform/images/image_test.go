package images

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Docker, and what loads its archives, knows these names.
func TestImagesOfTheChart(t *testing.T) {
	t.Parallel()
	tools, err := Tools()
	require.NoError(t, err)
	assert.Regexp(t, `^curlimages/curl:\d+\.\d+\.\d+$`, tools)
	redis, err := Redis()
	require.NoError(t, err)
	assert.Regexp(t, `^redis:\d+\.\d+\.\d+$`, redis)
}

// An image that the caller names takes the place of the one built here.
func TestImageOfTheUser(t *testing.T) {
	built := Own()
	t.Setenv("ROUTER_IMAGE", "example.org/router:1")
	named := Own()
	assert.Equal(t, built[0].Name, named[0].Name, "the chart finds it under the same name")
	assert.Equal(t, "FROM example.org/router:1\n", named[0].dockerfile())
	assert.Equal(t, built[1].dockerfile(), named[1].dockerfile(), "the WorkloadManager's is not named")
	assert.False(t, IsOwn("agentcube-router"))
	assert.True(t, IsOwn("workloadmanager"))
}
