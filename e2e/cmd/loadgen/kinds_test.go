package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/mix"
)

// pipes is a network inside a synctest bubble, in which half a minute takes no time.
type pipes struct {
	dialed atomic.Int32
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.dialed.Add(1)
	p.conns <- server
	return client, nil
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// wire returns a client, in a session, of a Router with this handler, and the network between them.
func wire(t *testing.T, router http.HandlerFunc) (*client, *pipes) {
	t.Helper()
	network := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: router}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(network) })
	fresh := &http.Transport{DialContext: network.dial, DisableKeepAlives: true}
	kept := &http.Transport{DialContext: network.dial}
	t.Cleanup(func() {
		kept.CloseIdleConnections()
		_ = server.Close()
		serving.Wait()
	})
	return &client{transports{fresh, kept}, "http://router", "agentcube", "session", "sandbox of session"}, network
}

// sessions counts those that route has made.
var sessions atomic.Int32

// route does what a Router does: it passes requests to the agent in a session's sandbox, and says
// of which session it is.
func route(w http.ResponseWriter, r *http.Request) {
	runtime, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1/namespaces/agentcube/agent-runtimes/"), "/invocations")
	if runtime == mix.Unknown {
		http.Error(w, "AgentRuntime nobody not found", http.StatusNotFound)
		return
	}
	session := r.Header.Get(sessionHeader)
	if session == "" {
		session = fmt.Sprintf("session %d", sessions.Add(1))
	}
	w.Header().Set(sessionHeader, session)
	others := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "seen") })
	http.StripPrefix(strings.TrimSuffix(r.URL.Path, path), mix.Agent("sandbox of "+session, others)).ServeHTTP(w, r)
}

// eachKind runs a test of each kind in a bubble of its own.
func eachKind(t *testing.T, test func(*testing.T, mix.Kind)) {
	t.Helper()
	for _, kind := range mix.Whole() {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, kind) })
		})
	}
}

func TestEachKindIsServed(t *testing.T) {
	t.Parallel()
	takes := map[string]time.Duration{"slow answers": 20 * time.Second, "streams": 30 * time.Second}
	eachKind(t, func(t *testing.T, kind mix.Kind) {
		c, _ := wire(t, route)
		got := c.send(kind, 7)
		assert.Empty(t, got.Failure)
		assert.Equal(t, kind.Name, got.Kind)
		assert.Equal(t, 7, got.Number)
		assert.Equal(t, kind.Status, got.Status)
		assert.Equal(t, takes[kind.Name], got.Took)
	})
}

// A Router that exits cuts the last byte of an answer off.
func TestCutAnswer(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, kind mix.Kind) {
		whole := length(t, kind)
		c, _ := wire(t, func(w http.ResponseWriter, r *http.Request) {
			route(&damaged{ResponseWriter: w, from: whole - 1, abort: true}, r)
		})
		assert.Contains(t, c.send(kind, 0).Failure, "unexpected EOF")
	})
}

// Where the whole answer is known, one wrong byte is seen.
func TestWrongAnswer(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, kind mix.Kind) {
		if kind.Answer == nil {
			return
		}
		whole := length(t, kind)
		for _, at := range []int64{0, whole / 2, whole - 1} {
			c, _ := wire(t, func(w http.ResponseWriter, r *http.Request) { route(&damaged{ResponseWriter: w, from: at}, r) })
			assert.Equal(t, fmt.Sprintf("after %d bytes: the next byte is wrong", at), c.send(kind, 0).Failure)
		}
	})
}

// What reaches the agent is not what was sent.
func TestWrongUpload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kind := named(t, "uploads")
		c, _ := wire(t, func(w http.ResponseWriter, r *http.Request) {
			r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, kind.Upload-1), strings.NewReader("x")))
			route(w, r)
		})
		assert.Contains(t, c.send(kind, 0).Failure, "is wrong")
	})
}

// Connections are kept where the kind says so.
func TestKeptConnections(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, kind mix.Kind) {
		c, network := wire(t, route)
		for n := range 3 {
			require.Empty(t, c.send(kind, n).Failure)
		}
		opened := int32(3)
		if kind.Kept {
			opened = 1
		}
		assert.Equal(t, opened, network.dialed.Load())
	})
}

// A kept connection that closes before the answer loses the request: nothing sends it again.
func TestKeptConnectionSendsOnce(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, kind mix.Kind) {
		if !kind.Kept {
			return
		}
		var received atomic.Int32
		c, _ := wire(t, func(w http.ResponseWriter, r *http.Request) {
			if received.Add(1) == 2 {
				panic(http.ErrAbortHandler)
			}
			route(w, r)
		})
		require.Empty(t, c.send(kind, 0).Failure)
		assert.Contains(t, c.send(kind, 1).Failure, "EOF")
		assert.Equal(t, int32(2), received.Load())
	})
}

// length is that of the answer to a request of a kind.
func length(t *testing.T, kind mix.Kind) int64 {
	t.Helper()
	switch {
	case kind.Answer != nil:
		length, err := io.Copy(io.Discard, kind.Answer())
		require.NoError(t, err)
		return length
	case kind.Runtime == mix.Unknown:
		return int64(len("AgentRuntime nobody not found\n"))
	}
	return int64(len("seen"))
}

// damaged cuts an answer off at a byte, or changes that one.
type damaged struct {
	http.ResponseWriter
	from, written int64
	abort         bool
}

func (d *damaged) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func (d *damaged) Write(p []byte) (int, error) {
	at := d.from - d.written
	d.written += int64(len(p))
	if at < 0 || at >= int64(len(p)) {
		return d.ResponseWriter.Write(p)
	}
	if d.abort {
		_, _ = d.ResponseWriter.Write(p[:at])
		_ = http.NewResponseController(d.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	changed := append([]byte(nil), p...)
	changed[at] ^= 1
	return d.ResponseWriter.Write(changed)
}
