package images

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAnImageThatTheCallerNamesTakesThePlaceOfTheOneBuiltHere(t *testing.T) {
	built := Own()
	t.Setenv("ROUTER_IMAGE", "example.org/router:1")
	named := Own()
	assert.Equal(t, built[0].Name, named[0].Name, "the chart finds it under the same name")
	assert.Equal(t, "FROM example.org/router:1\n", named[0].dockerfile())
	assert.Equal(t, built[1].dockerfile(), named[1].dockerfile(), "the WorkloadManager's is not named")
}
