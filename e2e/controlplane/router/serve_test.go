package router

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/testca"
)

func TestRouterDoesNotDrain(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{})
	defer close(finish)
	remember(t, "in-flight", sandbox(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "begun")
		_ = http.NewResponseController(w).Flush()
		<-finish
	}))
	router, _ := newRouter(t, Config{WorkloadManagerURL: "http://unused"})
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- router.Serve(ctx, listener) }()

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+agentURL, nil)
	require.NoError(t, err)
	req.Header.Set(sessionHeader, "in-flight")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	stop()
	require.NoError(t, <-stopped)
	got, err := io.ReadAll(resp.Body)
	assert.Equal(t, "begun", string(got))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, 30*time.Second, readTimeout)
}

// With --enable-tls the Router's own listener serves HTTPS, and nothing else.
func TestRouterServesTLS(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	files := write(t, ca.SVID(t, routerID), ca)
	router, _ := newRouter(t, Config{WorkloadManagerURL: "http://unused", EnableTLS: true, TLSCert: files.Cert, TLSKey: files.Key})
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- router.Serve(ctx, listener) }()

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	for scheme, want := range map[string]int{"https": http.StatusOK, "http": http.StatusBadRequest} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, scheme+"://"+listener.Addr().String()+"/health/live", nil)
		require.NoError(t, err)
		resp, err := client.Do(req)
		require.NoError(t, err)
		assert.Equal(t, want, resp.StatusCode, scheme)
		require.NoError(t, resp.Body.Close())
	}
	client.CloseIdleConnections()
	stop()
	require.NoError(t, <-stopped)
}
