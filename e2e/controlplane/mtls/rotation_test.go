package mtls_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/controlplane/mtls"
	"agentcube-mtls/e2e/controlplane/serve"
	"agentcube-mtls/internal/testca"
)

func TestRotationByRenameIsFollowed(t *testing.T) {
	t.Parallel()
	dir, staging := t.TempDir(), t.TempDir()
	ca := testca.New(t)
	source := open(t, write(t, dir, ca.SVID(t, routerID), ca))
	for range 3 { // a watch on the files themselves would end with the first
		next := ca.SVID(t, routerID)
		write(t, staging, next, ca)
		for _, name := range []string{"svid.pem", "svid_key.pem", "svid_bundle.pem"} {
			require.NoError(t, os.Rename(filepath.Join(staging, name), filepath.Join(dir, name)))
		}
		awaitUse(t, source, next, 1)
	}
}

// Kubernetes writes a Secret or ConfigMap volume so: files are symlinks through
// ..data, and ..data is replaced by a rename.
func TestRotationBehindSymlink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := testca.New(t)
	publish := func(version string, pair testca.Pair) {
		require.NoError(t, os.Mkdir(filepath.Join(dir, version), 0o700))
		write(t, filepath.Join(dir, version), pair, ca)
		require.NoError(t, os.Symlink(version, filepath.Join(dir, "..data_tmp")))
		require.NoError(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	}
	publish("..v0", ca.SVID(t, routerID))
	files := mtls.Files{}
	for name, path := range map[string]*string{"svid.pem": &files.Cert, "svid_key.pem": &files.Key, "svid_bundle.pem": &files.CA} {
		*path = filepath.Join(dir, name)
		require.NoError(t, os.Symlink(filepath.Join("..data", name), *path))
	}
	source := open(t, files)
	for i := range 3 {
		next := ca.SVID(t, routerID)
		publish(fmt.Sprintf("..v%d", i+1), next)
		awaitUse(t, source, next, 1)
	}
}

func TestKeyPairRotationIsFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := testca.New(t)
	first, second := ca.SVID(t, ""), ca.SVID(t, "")
	files := write(t, dir, first, ca)
	config, err := mtls.KeyPairConfig(t.Context(), files.Cert, files.Key)
	require.NoError(t, err)
	presented := func(leaf *x509.Certificate) bool {
		cert, err := config.GetCertificate(nil)
		return err == nil && cert.Leaf.Equal(leaf)
	}
	assert.True(t, presented(first.TLS(t).Leaf))
	next := second.TLS(t).Leaf
	write(t, dir, second, ca)
	require.Eventually(t, func() bool { return presented(next) }, soon, tick)
}

// party is one end of mTLS with files of its own.
type party struct {
	id     string
	dir    string
	source *mtls.Source
	pair   testca.Pair
}

func newParty(t testing.TB, id string, ca *testca.CA) *party {
	t.Helper()
	p := &party{id: id, dir: t.TempDir(), pair: ca.SVID(t, id)}
	p.source = open(t, write(t, p.dir, p.pair, ca))
	return p
}

// rotate gives the party a new SVID of issuer and waits until it is in use.
func (p *party) rotate(t testing.TB, issuer *testca.CA, bundle ...*testca.CA) {
	t.Helper()
	p.pair = issuer.SVID(t, p.id)
	p.trust(t, bundle...)
}

// trust gives the party a new bundle and waits until it is in use.
func (p *party) trust(t testing.TB, bundle ...*testca.CA) {
	t.Helper()
	write(t, p.dir, p.pair, bundle...)
	awaitUse(t, p.source, p.pair, len(bundle))
}

// serveTLS serves "ok" as the WorkloadManager and returns the URL.
func serveTLS(t testing.TB, server *party) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	config := mtls.ServerConfig(server.source, []spiffeid.ID{spiffeid.RequireFromString(routerID)})
	var served sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	served.Go(func() { assert.NoError(t, serve.HTTP(ctx, listener, ok, serve.Options{TLS: config})) })
	t.Cleanup(served.Wait)
	t.Cleanup(cancel)
	return "https://" + listener.Addr().String()
}

// newClient calls as the Router; connections are kept, or made again each time.
func newClient(t testing.TB, client *party, keep bool) *http.Client {
	t.Helper()
	transport := &http.Transport{
		TLSClientConfig:   mtls.ClientConfig(client.source, spiffeid.RequireFromString(managerID)),
		DisableKeepAlives: !keep,
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func get(client *http.Client, req *http.Request) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	return resp.Body.Close()
}

// consistent returns an error unless the certificate and the key in use belong together.
func consistent(source *mtls.Source) error {
	pair := source.Certificate()
	if own := pair.PrivateKey.(*ecdsa.PrivateKey).Public(); !pair.Leaf.PublicKey.(*ecdsa.PublicKey).Equal(own) {
		return errors.New("certificate and key of different pairs")
	}
	return nil
}

// The order of a rotation in SPIRE: the new CA is trusted by all, then it
// issues, then the old one is dropped.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	old := testca.New(t)
	server, client := newParty(t, managerID, old), newParty(t, routerID, old)
	url := serveTLS(t, server)

	var done, failed atomic.Int64
	var workers sync.WaitGroup
	stop := make(chan struct{})
	for i := range 8 {
		caller := newClient(t, client, i%4 == 0)
		workers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
				if err == nil {
					err = get(caller, req)
				}
				if err != nil {
					t.Error(err)
					failed.Add(1)
				}
				done.Add(1)
			}
		})
	}
	workers.Go(func() { // whatever is in use is whole at any moment
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := consistent(client.source); err != nil {
				t.Error(err)
				return
			}
		}
	})

	for range 3 {
		next := testca.New(t)
		server.trust(t, old, next)
		client.trust(t, old, next)
		server.rotate(t, next, old, next)
		client.rotate(t, next, old, next)
		server.trust(t, next)
		client.trust(t, next)
		old = next
		seen := done.Load() // some load on every state
		require.Eventually(t, func() bool { return done.Load() > seen+16 }, soon, tick)
	}
	close(stop)
	workers.Wait()
	assert.Zero(t, failed.Load(), "of %d requests", done.Load())
}

func TestRotationKeepsConnections(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	server, client := newParty(t, managerID, ca), newParty(t, routerID, ca)
	url, caller := serveTLS(t, server), newClient(t, client, true)

	var conns []net.Conn
	call := func() {
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { conns = append(conns, info.Conn) }}
		req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, url, nil)
		require.NoError(t, err)
		require.NoError(t, get(caller, req))
	}
	call()
	server.rotate(t, ca, ca)
	client.rotate(t, ca, ca)
	call()
	require.Len(t, conns, 2)
	assert.Same(t, conns[0], conns[1])
}

// A CA that was dropped is no longer trusted.
func TestDroppedCA(t *testing.T) {
	t.Parallel()
	old, next := testca.New(t), testca.New(t)
	server, client := newParty(t, managerID, old), newParty(t, routerID, old)
	connect := func() (clientErr, serverErr error) {
		_, clientErr, serverErr = handshake(t, mtls.ClientConfig(client.source, spiffeid.RequireFromString(managerID)),
			mtls.ServerConfig(server.source, []spiffeid.ID{spiffeid.RequireFromString(routerID)}))
		return clientErr, serverErr
	}
	requireTrust := func() {
		clientErr, serverErr := connect()
		require.NoError(t, clientErr)
		require.NoError(t, serverErr)
	}
	requireTrust()
	server.rotate(t, next, next)
	clientErr, _ := connect()
	require.ErrorContains(t, clientErr, "unknown authority", "the client does not know the new CA")
	client.trust(t, old, next)
	_, serverErr := connect()
	require.ErrorContains(t, serverErr, "unknown authority", "the server has dropped the client's CA")
	client.rotate(t, next, next)
	requireTrust()
}
