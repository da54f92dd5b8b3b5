package serve_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/controlplane/internal/testlog"
	"agentcube-mtls/e2e/controlplane/mtls"
	"agentcube-mtls/e2e/controlplane/serve"
	"agentcube-mtls/internal/testca"
)

const (
	routerID  = "spiffe://cluster.local/ns/agentcube/sa/agentcube-router"
	managerID = "spiffe://cluster.local/ns/agentcube/sa/workloadmanager"
)

var logged = testlog.Capture()

var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { serve.JSON(w, http.StatusOK, "ok") })

// start serves until the test ends or stop is called, which waits for the end.
func start(t *testing.T, handler http.Handler, o serve.Options) (address string, stop func()) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var served sync.WaitGroup
	served.Go(func() { assert.NoError(t, serve.HTTP(ctx, listener, handler, o)) })
	stop = func() { cancel(); served.Wait() }
	t.Cleanup(stop)
	return listener.Addr().String(), stop
}

// startMTLS serves as the WorkloadManager, for the Router only.
func startMTLS(t *testing.T, ca *testca.CA) (address string) {
	t.Helper()
	cert, key, bundle := ca.SVID(t, managerID).Write(t, t.TempDir(), ca)
	source, err := mtls.Open(t.Context(), t.Name(), mtls.Files{Cert: cert, Key: key, CA: bundle}, mtls.FileWait)
	require.NoError(t, err)
	address, _ = start(t, ok, serve.Options{TLS: mtls.ServerConfig(source, []spiffeid.ID{spiffeid.RequireFromString(routerID)})})
	return address
}

func TestRefusedPeersAreNamedInTheLog(t *testing.T) {
	t.Parallel()
	ca, otherCA := testca.New(t), testca.New(t)
	address := startMTLS(t, ca)
	const otherID, foreignID = "spiffe://cluster.local/ns/other/sa/other", "spiffe://elsewhere.test/x"
	replayed := ca.SVID(t, routerID).TLS(t)
	replayed.PrivateKey = ca.SVID(t, otherID).TLS(t).PrivateKey
	for name, test := range map[string]struct {
		shown *tls.Certificate
		who   string // the certificate says
		why   string
	}{
		"no certificate":         {nil, "", "didn't provide a certificate"},
		"another CA":             {new(otherCA.SVID(t, routerID).TLS(t)), routerID, "unknown authority"},
		"another trust domain":   {new(otherCA.SVID(t, foreignID).TLS(t)), foreignID, "no X.509 bundle"},
		"another workload":       {new(ca.SVID(t, otherID).TLS(t)), otherID, "unexpected ID"},
		"an expired certificate": {new(ca.Issue(t, testca.Leaf{ID: routerID, Expired: true}).TLS(t)), routerID, "expired"},
		"no SPIFFE ID":           {new(ca.SVID(t, "").TLS(t)), `""`, "no URI SAN"},
		"a certificate, no key":  {&replayed, routerID, "invalid signature by the client certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := &tls.Config{InsecureSkipVerify: true}
			if test.shown != nil {
				client.Certificates = []tls.Certificate{*test.shown}
			}
			peer := refused(t, address, client)
			if test.who != "" {
				peer += ": certificate of " + test.who
			}
			logged.Await(t, "Refused connection from "+peer+": ", test.why)
		})
	}
}

// TLS 1.2 is rejected, and the log says so.
func TestTLS12(t *testing.T) {
	t.Parallel()
	address := startMTLS(t, testca.New(t))
	peer := refused(t, address, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
	logged.Await(t, "Refused connection from "+peer+": ", "unsupported versions")
}

// refused connects, which must fail, and returns the address it came from.
func refused(t *testing.T, address string, client *tls.Config) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = tls.Client(conn, client).Read(make([]byte, 1))
	require.ErrorContains(t, err, "remote error: tls: ")
	return conn.LocalAddr().String()
}

// get requests an address in clear text.
func get(ctx context.Context, client *http.Client, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, nil)
	if err != nil {
		return nil, err
	}
	return client.Do(req)
}

// Plain HTTP is rejected where TLS is served.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	address := startMTLS(t, testca.New(t))
	resp, err := get(t.Context(), http.DefaultClient, address+"/health")
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
	logged.Await(t, "Refused connection from 127.0.0.1:", "HTTP request to an HTTPS server")
}

func TestEveryTCPProbeIsLogged(t *testing.T) {
	t.Parallel()
	address := startMTLS(t, testca.New(t))
	for linger, reason := range map[int]string{-1: "EOF", 0: "connection reset by peer"} { // closed politely, and reset
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		require.NoError(t, err)
		require.NoError(t, conn.(*net.TCPConn).SetLinger(linger))
		require.NoError(t, conn.Close())
		probe := conn.LocalAddr().String()
		logged.Await(t, "http: TLS handshake error from "+probe+": ", reason)
		assert.False(t, logged.Has("Refused connection from "+probe), "nobody was refused")
	}
}

func TestHTTP2IsSpokenInClearText(t *testing.T) {
	t.Parallel()
	address, _ := start(t, ok, serve.Options{})
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	resp, err := get(t.Context(), &http.Client{Transport: transport}, address)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 2, resp.ProtoMajor)
}

// slowly is a handler whose answer begins at once and ends when finish is closed.
type slowly struct{ arrived, finish chan struct{} }

func newSlowly() slowly { return slowly{make(chan struct{}), make(chan struct{})} }

func (s slowly) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "begun, ")
	_ = http.NewResponseController(w).Flush()
	close(s.arrived)
	<-s.finish
	_, _ = io.WriteString(w, "finished")
}

// answer is what a client has received, and the error at its end.
type answer struct {
	body string
	err  error
}

// ask sends a request and returns where its answer comes, once the handler has begun it.
func (s slowly) ask(t *testing.T, address string) <-chan answer {
	t.Helper()
	answers := make(chan answer, 1)
	go func() {
		resp, err := get(t.Context(), http.DefaultClient, address)
		if err != nil {
			answers <- answer{err: err}
			return
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		answers <- answer{string(body), err}
	}()
	<-s.arrived
	return answers
}

// A drain finishes requests in flight.
func TestDrain(t *testing.T) {
	t.Parallel()
	slow := newSlowly()
	address, stop := start(t, slow, serve.Options{Drain: time.Minute})
	answers := slow.ask(t, address)
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	require.Eventually(t, func() bool {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, 10*time.Second, 10*time.Millisecond, "new connections are still taken")
	select {
	case <-stopped:
		t.Fatal("stopped with a request in flight")
	default:
	}
	close(slow.finish)
	assert.Equal(t, answer{"begun, finished", nil}, <-answers)
	<-stopped
}

func TestStopCutsWhatItDoesNotDrain(t *testing.T) {
	t.Parallel()
	for name, drain := range map[string]time.Duration{"without a drain": 0, "after the drain": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slow := newSlowly()
			defer close(slow.finish)
			address, stop := start(t, slow, serve.Options{Drain: drain})
			answers := slow.ask(t, address)
			stop()
			cut := <-answers
			assert.Equal(t, "begun, ", cut.body)
			require.ErrorIs(t, cut.err, io.ErrUnexpectedEOF)
		})
	}
}

// A request that comes in too slowly is cut.
func TestSlowRequest(t *testing.T) {
	t.Parallel()
	read := make(chan error, 1)
	address, _ := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	}), serve.Options{ReadTimeout: 50 * time.Millisecond})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf")
	require.NoError(t, err)
	require.ErrorIs(t, <-read, os.ErrDeadlineExceeded)
}
