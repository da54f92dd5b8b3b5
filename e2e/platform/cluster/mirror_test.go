package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Nodes reach a mirror on this machine by their gateway, and any other over TLS.
func TestHosts(t *testing.T) {
	t.Parallel()
	for mirror, address := range map[string]string{
		"mirror.example.com":      "https://mirror.example.com",
		"mirror.example.com:5000": "https://mirror.example.com:5000",
		"192.0.2.1:5000":          "https://192.0.2.1:5000",
		"127.0.0.1:5000":          "http://172.18.0.1:5000",
		"127.8.8.8:5000":          "http://172.18.0.1:5000",
		"localhost:5000":          "http://172.18.0.1:5000",
		"[::1]:5000":              "http://172.18.0.1:5000",
	} {
		assert.Equal(t, "[host.\""+address+"\"]\n  capabilities = [\"pull\", \"resolve\"]\n", hosts(mirror, "172.18.0.1"))
	}
}
