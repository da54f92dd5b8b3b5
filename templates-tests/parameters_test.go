package templatestests

import (
	"path/filepath"
	"testing"

	"github.com/hashicorp/hcl"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// parameters is a parsed file of configuration.
type parameters map[string]any

// configured returns the parameters in the one file of a ConfigMap: YAML, or HCL as SPIRE reads it.
func configured(t testing.TB, objects []client.Object, name string) parameters {
	t.Helper()
	data := get[*corev1.ConfigMap](t, objects, name).Data
	require.Len(t, data, 1, name)
	var parsed parameters
	for file, content := range data {
		if filepath.Ext(file) == ".yaml" {
			require.NoError(t, yaml.Unmarshal([]byte(content), &parsed), content)
		} else {
			require.NoError(t, hcl.Unmarshal([]byte(content), &parsed), content)
		}
	}
	return parsed
}

// at returns the parameter at the end of a path of keys and labels; nil if there is none. It looks
// at each of several HCL blocks of one name.
func (p parameters) at(path ...string) any {
	value, found := p[path[0]]
	if !found || len(path) == 1 {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		return parameters(value).at(path[1:]...)
	case []map[string]any:
		for _, block := range value {
			if inner := parameters(block).at(path[1:]...); inner != nil {
				return inner
			}
		}
	}
	return nil
}

// Parameters are found by their path.
func TestParameters(t *testing.T) {
	t.Parallel()
	var parsed parameters
	require.NoError(t, hcl.Unmarshal([]byte(`
plugins {
  KeyManager "disk" { plugin_data { keys_path = "/keys" } }
  DataStore "sql" { plugin_data {} }
}
port = 1`), &parsed))
	assert.Equal(t, "/keys", parsed.at("plugins", "KeyManager", "disk", "plugin_data", "keys_path"))
	assert.Equal(t, 1, parsed.at("port"))
	for _, path := range [][]string{{"host"}, {"port", "inner"}, {"plugins", "KeyManager", "memory"}, {"plugins", "DataStore", "sql", "plugin_data", "keys_path"}} {
		assert.Nil(t, parsed.at(path...), path)
	}
}
