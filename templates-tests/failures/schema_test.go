package failures_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each version of Helm reads the chart's schema, which the other tests here do without: it rejects a
// key that the chart does not know, and takes one that it does.
func TestSchema(t *testing.T) {
	t.Parallel()
	for version, helmVersion := range helms {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			client := helm{version: helmVersion}
			install := []string{"install", "schema", full, noValidation, "--dry-run=server", "--set", "redis.addr=redis:6379", "--set"}
			output, err := client.run(t.Context(), append(install, "router.replicas=2")...)
			require.NoError(t, err, output)
			_, err = client.run(t.Context(), append(install, "router.replica=2")...)
			require.Error(t, err)
			assert.Regexp(t, `dditional propert(y|ies) '?replica'? (is )?not allowed`, err.Error())
		})
	}
}
