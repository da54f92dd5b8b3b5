package serve_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
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
func start(t *testing.T, handler http.Handler, config *tls.Config) (address string, stop func()) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var served sync.WaitGroup
	served.Go(func() { assert.NoError(t, serve.HTTP(ctx, listener, handler, config)) })
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
	address, _ = start(t, ok, mtls.ServerConfig(source, []spiffeid.ID{spiffeid.RequireFromString(routerID)}))
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

func TestTLS12IsRefusedAndTheLogSaysSo(t *testing.T) {
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
	require.Error(t, err)
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

func TestPlainHTTPIsRefusedWhereTLSIsServed(t *testing.T) {
	t.Parallel()
	address := startMTLS(t, testca.New(t))
	resp, err := get(t.Context(), http.DefaultClient, address+"/health")
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
	logged.Await(t, "Refused connection from 127.0.0.1:", "HTTP request to an HTTPS server")
}

func TestTCPProbesAreNotLogged(t *testing.T) {
	t.Parallel()
	address := startMTLS(t, testca.New(t))
	var probes []string
	for _, linger := range []int{-1, 0} { // closed politely, and reset as the kubelet does
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		require.NoError(t, err)
		require.NoError(t, conn.(*net.TCPConn).SetLinger(linger))
		require.NoError(t, conn.Close())
		probes = append(probes, conn.LocalAddr().String())
	}
	// Connections are taken in order: once the client after them is logged,
	// the probes have had their chance. Until then it may only be that they wait.
	client, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	_, err = client.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, client)
	require.NoError(t, err)
	logged.Await(t, client.LocalAddr().String())
	for _, probe := range probes {
		assert.Never(t, func() bool { return logged.Has(probe) }, 100*time.Millisecond, 20*time.Millisecond)
	}
}

func TestHTTP2IsSpokenInClearText(t *testing.T) {
	t.Parallel()
	address, _ := start(t, ok, nil)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	resp, err := get(t.Context(), &http.Client{Transport: transport}, address)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, 2, resp.ProtoMajor)
}

func TestRequestsInFlightAreFinishedOnStop(t *testing.T) {
	t.Parallel()
	arrived, finish := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-finish
		_, _ = io.WriteString(w, "finished")
	})
	address, stop := start(t, slow, nil)
	answer := make(chan string, 1)
	go func() {
		var body bytes.Buffer
		resp, err := get(t.Context(), http.DefaultClient, address)
		if assert.NoError(t, err) {
			_, err = body.ReadFrom(resp.Body)
			assert.NoError(t, err)
			assert.NoError(t, resp.Body.Close())
		}
		answer <- body.String()
	}()
	<-arrived
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
	close(finish)
	assert.Equal(t, "finished", <-answer)
	<-stopped
}
