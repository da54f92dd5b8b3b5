package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The request is found where the caller put it.
func TestBundleArgument(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args    []string
		path    string
		process bool
	}{
		{[]string{"--root", "/r", "create", "--bundle", "/b", "id"}, "/b/config.json", false},
		{[]string{"run", "-b=/b", "id"}, "/b/config.json", false},
		{[]string{"create", "id"}, "config.json", false},
		{[]string{"exec", "--process", "/p.json", "id"}, "/p.json", true},
		{[]string{"state", "id"}, "", false},
	} {
		path, process := requestFile(c.args)
		assert.Equal(t, c.path, path, c.args)
		assert.Equal(t, c.process, process, c.args)
	}
}

// Only the missing capability is taken out, and large numbers stay.
func TestMissingCapability(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.json")
	const request = `{"linux":{"limit":9223372036854771712},"process":{"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE"]}}}`
	require.NoError(t, os.WriteFile(path, []byte(request), 0o600))
	require.NoError(t, dropCapability(path, false))
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Contains(t, string(written), "9223372036854771712")
	var config struct {
		Process struct{ Capabilities map[string][]string }
	}
	require.NoError(t, json.Unmarshal(written, &config))
	assert.Equal(t, []string{"CAP_CHOWN"}, config.Process.Capabilities["bounding"])
}
