package main

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A server that sends nothing has not rejected the client.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // whose backlog takes the connection, and nobody serves it
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	for name, a := range map[string]attempt{"plain HTTP": {}, "TLS": {config: client(nil)}} {
		a.address = listener.Addr().String()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		seen := a.make(ctx)
		cancel()
		assert.False(t, seen.Refused, "%s: %s", name, seen.How)
	}
}
