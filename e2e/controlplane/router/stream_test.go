package router

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serveSession serves a Router whose session leads to this sandbox, and returns its address.
func serveSession(t *testing.T, session string, handler http.HandlerFunc) string {
	t.Helper()
	remember(t, session, sandbox(t, handler))
	router, _ := newRouter(t, Config{WorkloadManagerURL: "http://unused"})
	address, _ := listen(t, "127.0.0.1:0", router.Handler(), nil)
	return address
}

// send sends a request in a session to a Router that is served.
func send(t *testing.T, method, address, session string, body io.Reader) io.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+agentURL, body)
	require.NoError(t, err)
	req.Header.Set(sessionHeader, session)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp.Body
}

// Events arrive while the stream goes on.
func TestEventStream(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	address := serveSession(t, "events", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "data: %d\n", i)
			_ = http.NewResponseController(w).Flush()
			<-next // until the client has this event
		}
	})
	events := bufio.NewReader(send(t, http.MethodGet, address, "events", nil))
	for i := range 3 {
		event, err := events.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("data: %d\n", i), event)
		next <- struct{}{}
	}
	_, err := events.ReadString('\n')
	require.ErrorIs(t, err, io.EOF)
}

func TestUploadsAndDownloadsAreWhole(t *testing.T) {
	t.Parallel()
	address := serveSession(t, "upload", func(w http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body) // net/http answers in HTTP/1.1 only once it has read the request
		_, _ = w.Write(got)
	})
	sent := make([]byte, 4<<20)
	_, err := rand.Read(sent)
	require.NoError(t, err)
	got, err := io.ReadAll(send(t, http.MethodPost, address, "upload", strings.NewReader(string(sent))))
	require.NoError(t, err)
	assert.Equal(t, sent, got)
}

func TestWebSocketsAreProxied(t *testing.T) {
	t.Parallel()
	address := serveSession(t, "socket", func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "websocket", r.Header.Get("Upgrade"))
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		line, _ := buffered.ReadString('\n')
		_, _ = io.WriteString(conn, "echo: "+line)
	})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: router\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n%s: socket\r\n\r\n", agentURL, sessionHeader)
	require.NoError(t, err)
	answers := bufio.NewReader(conn)
	resp, err := http.ReadResponse(answers, nil)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	_, err = io.WriteString(conn, "hello\n")
	require.NoError(t, err)
	line, err := answers.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "echo: hello\n", line)
}
