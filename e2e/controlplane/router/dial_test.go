package router

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A sandbox that is not reached in time is answered with 504.
func TestSandboxTimeout(t *testing.T) {
	t.Parallel()
	remember(t, "reachable", sandbox(t, func(http.ResponseWriter, *http.Request) {}))
	for limit, want := range map[time.Duration]int{
		time.Nanosecond: http.StatusGatewayTimeout,
		time.Minute:     http.StatusOK,
	} {
		router, _ := newRouter(t, Config{WorkloadManagerURL: "http://unused", DialTimeout: limit})
		code, _, body := call(t, router, http.MethodPost, agentURL, map[string]string{sessionHeader: "reachable"})
		assert.Equal(t, want, code, "%s: %s", limit, body)
	}
}

// A sandbox is dialed once before each request.
func TestSandboxIsDialedOnce(t *testing.T) {
	t.Parallel()
	var connections, requests atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	remember(t, "counted", strings.TrimPrefix(server.URL, "http://"))
	router, _ := newRouter(t, Config{WorkloadManagerURL: "http://unused", DialTimeout: time.Minute})
	for range 3 {
		call(t, router, http.MethodPost, agentURL, map[string]string{sessionHeader: "counted"})
	}
	assert.Equal(t, int32(3), requests.Load())
	assert.Eventually(t, func() bool { return connections.Load() == 4 }, time.Minute, time.Millisecond, "three dials, and one connection for the requests")
}

// A sandbox that AgentCube does not wait for is logged.
func TestLateSandboxIsLogged(t *testing.T) {
	t.Parallel()
	router, _ := newRouter(t, Config{WorkloadManagerURL: "http://unused", DialTimeout: time.Minute})
	synctest.Test(t, func(t *testing.T) {
		for host, takes := range map[string]time.Duration{"prompt:80": 200 * time.Millisecond, "late:80": 201 * time.Millisecond} {
			router.connect = func(context.Context, string, string) (net.Conn, error) {
				time.Sleep(takes)
				sandbox, _ := net.Pipe()
				return sandbox, nil
			}
			require.NoError(t, router.dial(t.Context(), &url.URL{Host: host}))
		}
	})
	assert.True(t, logged.Has(Late+"late:80 accepted after 201ms"))
	assert.False(t, logged.Has("prompt:80"))
}
