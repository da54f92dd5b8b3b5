package router

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/controlplane/mtls"
	"agentcube-mtls/internal/testca"
)

const (
	routerID  = "spiffe://cluster.local/ns/agentcube/sa/agentcube-router"
	managerID = "spiffe://cluster.local/ns/agentcube/sa/workloadmanager"
)

// write writes an SVID as spiffe-helper does.
func write(t *testing.T, pair testca.Pair, ca *testca.CA) mtls.Files {
	t.Helper()
	cert, key, bundle := pair.Write(t, t.TempDir(), ca)
	return mtls.Files{Cert: cert, Key: key, CA: bundle}
}

// listenMTLS serves the handler as a WorkloadManager that lets in the Router.
func listenMTLS(t *testing.T, address string, manager http.Handler, pair testca.Pair, ca *testca.CA) (actual string, stop func()) {
	t.Helper()
	source, err := mtls.Open(t.Context(), "WorkloadManager", write(t, pair, ca), mtls.FileWait)
	require.NoError(t, err)
	return listen(t, address, manager, mtls.ServerConfig(source, []spiffeid.ID{spiffeid.RequireFromString(routerID)}))
}

// secureRouter has mTLS toward the WorkloadManager at this host:port, which it
// is given as http://.
func secureRouter(t *testing.T, address string, pair testca.Pair, ca *testca.CA) *Server {
	t.Helper()
	router, _ := newRouter(t, Config{
		WorkloadManagerURL: "http://" + address, Namespace: "agentcube", TrustDomain: "cluster.local", MTLS: write(t, pair, ca),
	})
	return router
}

// The WorkloadManager is reached over mTLS with an old URL.
func TestOldURL(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	address, _ := listenMTLS(t, "127.0.0.1:0", &fakeManager{status: http.StatusNotFound}, ca.SVID(t, managerID), ca)
	code, _, _ := call(t, secureRouter(t, address, ca.SVID(t, routerID), ca), http.MethodPost, agentURL, nil)
	assert.Equal(t, http.StatusNotFound, code, "only a WorkloadManager that was reached says so")
	assert.True(t, logged.Has("Waiting for Router mTLS cert/key/CA files"))
	assert.True(t, logged.Has("All mTLS cert/key/CA files are present"))
	assert.True(t, logged.Has("Router→WorkloadManager mTLS enabled: expecting server SPIFFE ID "+managerID))
}

// A Router with part of its certificate files names the flags.
func TestSomeCertificateFlags(t *testing.T) {
	t.Parallel()
	_, err := newManager(t.Context(), &Config{MTLS: mtls.Files{Cert: "c"}}, nil)
	require.ErrorContains(t, err, "--mtls-key")
}

// The WorkloadManager is not reached where either end is unauthorized.
func TestUnauthorizedEnds(t *testing.T) {
	t.Parallel()
	ca, otherCA := testca.New(t), testca.New(t)
	const otherID = "spiffe://cluster.local/ns/agentcube/sa/other"
	for name, test := range map[string]struct {
		server, client string
		serverCA       *testca.CA
		log            []string // a line of either end
	}{
		"server has another ID":   {otherID, routerID, ca, []string{"WorkloadManager", `server certificate SPIFFE ID does not match expected "` + managerID + `"`}},
		"server is of another CA": {managerID, routerID, otherCA, []string{"WorkloadManager", "unknown authority"}},
		"Router is not let in":    {managerID, otherID, ca, []string{"Refused connection from 127.0.0.1", otherID}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			manager := &fakeManager{status: http.StatusNotFound}
			address, _ := listenMTLS(t, "127.0.0.1:0", manager, test.serverCA.SVID(t, test.server), test.serverCA)
			code, _, _ := call(t, secureRouter(t, address, ca.SVID(t, test.client), ca), http.MethodPost, agentURL, nil)
			assert.Equal(t, http.StatusInternalServerError, code)
			assert.Empty(t, manager.requests)
			logged.Await(t, test.log...)
		})
	}
}

// A rollout replaces the pod behind the Service's address: the old one says
// goodbye, the new one has another certificate and no memory.
func TestReplacedWorkloadManager(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	manager := &fakeManager{status: http.StatusNotFound}
	address, stop := listenMTLS(t, "127.0.0.1:0", manager, ca.SVID(t, managerID), ca)
	router := secureRouter(t, address, ca.SVID(t, routerID), ca)
	for i := range 3 {
		code, _, _ := call(t, router, http.MethodPost, agentURL, nil)
		assert.Equal(t, http.StatusNotFound, code, "after %d replacements", i)
		stop()
		_, stop = listenMTLS(t, address, manager, ca.SVID(t, managerID), ca)
	}
}

// The Router waits half a minute for its certificates.
func TestWaitForCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := &Config{
		WorkloadManagerURL: "http://unused", Namespace: "agentcube", TrustDomain: "cluster.local",
		MTLS: mtls.Files{Cert: dir + "/svid.pem", Key: dir + "/svid_key.pem", CA: dir + "/svid_bundle.pem"},
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := New(t.Context(), config, nil, nil, nil)
		require.ErrorContains(t, err, dir+"/svid.pem")
		assert.Equal(t, 30*time.Second, time.Since(began))
	})
}

// Calls share one connection in mTLS.
func TestOneConnection(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	var connections sync.Map // by the Router's address
	manager := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, 2, r.ProtoMajor)
		connections.Store(r.RemoteAddr, true)
		w.WriteHeader(http.StatusNotFound)
	})
	address, _ := listenMTLS(t, "127.0.0.1:0", manager, ca.SVID(t, managerID), ca)
	router := secureRouter(t, address, ca.SVID(t, routerID), ca)
	call(t, router, http.MethodPost, agentURL, nil)
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() { call(t, router, http.MethodPost, agentURL, nil) })
	}
	calls.Wait()
	var seen []any
	connections.Range(func(address, _ any) bool { seen = append(seen, address); return true })
	assert.Len(t, seen, 1)
}

func TestHTTP1IsSpokenInPlain(t *testing.T) {
	t.Parallel()
	router, _ := routerWith(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, 1, r.ProtoMajor)
		w.WriteHeader(http.StatusNotFound)
	}))
	code, _, _ := call(t, router, http.MethodPost, agentURL, nil)
	assert.Equal(t, http.StatusNotFound, code)
}

// Calls of the WorkloadManager have the contract's limits.
func TestCallLimits(t *testing.T) {
	t.Parallel()
	router, _ := routerWith(t, &fakeManager{})
	assert.Equal(t, 2*time.Minute, router.manager.client.Timeout)
	transport := router.manager.client.Transport.(*http.Transport)
	assert.Equal(t, &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second}, transport.HTTP2)
	assert.Zero(t, transport.IdleConnTimeout, "a connection stays until the WorkloadManager ends it")
}
