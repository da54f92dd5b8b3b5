package mtls_test

import (
	"crypto/tls"
	"net"
	"testing"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/controlplane/mtls"
	"agentcube-mtls/internal/testca"
)

// handshake connects the two over a pipe-like connection and returns what
// either end makes of it, the client after having read from the server: in TLS
// 1.3 it learns only then that it was refused.
func handshake(t *testing.T, client, server *tls.Config) (state tls.ConnectionState, clientErr, serverErr error) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	served := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			served <- err
			return
		}
		defer func() { _ = conn.Close() }()
		secured := tls.Server(conn, server)
		if err = secured.HandshakeContext(t.Context()); err == nil {
			_, err = secured.Write([]byte("!"))
		}
		served <- err
	}()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	secured := tls.Client(conn, client)
	_, clientErr = secured.Read(make([]byte, 1))
	return secured.ConnectionState(), clientErr, <-served
}

// A client accepts only the server it expects.
func TestClientVerifiesServer(t *testing.T) {
	t.Parallel()
	ca, otherCA := testca.New(t), testca.New(t)
	client := mtls.ClientConfig(newParty(t, routerID, ca).source, spiffeid.RequireFromString(managerID))
	const mismatch = `server certificate SPIFFE ID does not match expected "` + managerID + `"`
	for name, test := range map[string]struct {
		server  testca.Pair
		version uint16
		refusal string // empty is accepted
	}{
		"the WorkloadManager":       {ca.SVID(t, managerID), tls.VersionTLS13, ""},
		"another workload":          {ca.SVID(t, routerID), tls.VersionTLS13, mismatch},
		"the name in another place": {ca.SVID(t, "spiffe://cluster.local/ns/other/sa/workloadmanager"), tls.VersionTLS13, mismatch},
		"wrong trust domain":        {ca.SVID(t, "spiffe://elsewhere.test/ns/agentcube/sa/workloadmanager"), tls.VersionTLS13, mismatch},
		"no SPIFFE ID":              {ca.SVID(t, ""), tls.VersionTLS13, mismatch},
		"another CA":                {otherCA.SVID(t, managerID), tls.VersionTLS13, "unknown authority"},
		"expired":                   {ca.Issue(t, testca.Leaf{ID: managerID, Expired: true}), tls.VersionTLS13, "expired"},
		"TLS 1.2":                   {ca.SVID(t, managerID), tls.VersionTLS12, "protocol version"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &tls.Config{Certificates: []tls.Certificate{test.server.TLS(t)}, MaxVersion: test.version, ClientAuth: tls.RequestClientCert}
			state, err, _ := handshake(t, client, server)
			if test.refusal != "" {
				require.ErrorContains(t, err, test.refusal)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, uint16(tls.VersionTLS13), state.Version)
		})
	}
}

// The server rejects unauthorized clients.
func TestServerRejectsClients(t *testing.T) {
	t.Parallel()
	ca, otherCA := testca.New(t), testca.New(t)
	server := newParty(t, managerID, ca)
	anyOfOurs := mtls.ServerConfig(server.source, nil)
	onlyRouter := mtls.ServerConfig(server.source, []spiffeid.ID{spiffeid.RequireFromString(routerID)})
	const otherID = "spiffe://cluster.local/ns/other/sa/other"
	for name, test := range map[string]struct {
		server  *tls.Config
		client  []testca.Pair
		version uint16
		refusal string // empty is let in
	}{
		"the Router":                      {onlyRouter, []testca.Pair{ca.SVID(t, routerID)}, tls.VersionTLS13, ""},
		"another workload where any may":  {anyOfOurs, []testca.Pair{ca.SVID(t, otherID)}, tls.VersionTLS13, ""},
		"another workload":                {onlyRouter, []testca.Pair{ca.SVID(t, otherID)}, tls.VersionTLS13, otherID},
		"no certificate":                  {anyOfOurs, nil, tls.VersionTLS13, "didn't provide a certificate"},
		"another CA":                      {anyOfOurs, []testca.Pair{otherCA.SVID(t, routerID)}, tls.VersionTLS13, "unknown authority"},
		"wrong trust domain":              {anyOfOurs, []testca.Pair{ca.SVID(t, "spiffe://elsewhere.test/x")}, tls.VersionTLS13, "no X.509 bundle found"},
		"no SPIFFE ID":                    {anyOfOurs, []testca.Pair{ca.SVID(t, "")}, tls.VersionTLS13, "no URI SAN"},
		"expired":                         {anyOfOurs, []testca.Pair{ca.Issue(t, testca.Leaf{ID: routerID, Expired: true})}, tls.VersionTLS13, "expired"},
		"TLS 1.2 with a good certificate": {anyOfOurs, []testca.Pair{ca.SVID(t, routerID)}, tls.VersionTLS12, "unsupported versions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := &tls.Config{InsecureSkipVerify: true, MaxVersion: test.version}
			for _, pair := range test.client {
				client.Certificates = append(client.Certificates, pair.TLS(t))
			}
			_, clientErr, serverErr := handshake(t, client, test.server)
			if test.refusal != "" {
				require.ErrorContains(t, clientErr, "remote error: tls: ")
				require.ErrorContains(t, serverErr, test.refusal)
				return
			}
			require.NoError(t, clientErr)
			require.NoError(t, serverErr)
		})
	}
}

// A resumed session would skip the verification of the client's certificate.
func TestServerVerifiesConnections(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	server := mtls.ServerConfig(newParty(t, managerID, ca).source, nil)
	client := &tls.Config{
		InsecureSkipVerify: true,
		Certificates:       []tls.Certificate{ca.SVID(t, routerID).TLS(t)},
		ServerName:         "workloadmanager", // sessions are cached by name
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
	for range 3 {
		state, err, _ := handshake(t, client, server)
		require.NoError(t, err)
		assert.False(t, state.DidResume)
	}
}
