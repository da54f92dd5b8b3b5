package workloadmanager

import (
	"context"
	"crypto/tls"
	"flag"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	runtimev1alpha1 "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	sandboxv1alpha1 "sigs.k8s.io/agent-sandbox/api/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"agentcube-mtls/internal/testca"
)

// reviewer answers TokenReviews from this table of users by token.
func reviewer(users map[string]string) interceptor.Funcs {
	return interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.CreateOption) error {
		review, ok := o.(*authenticationv1.TokenReview)
		if !ok {
			return c.Create(ctx, o, options...)
		}
		review.Status.User.Username, review.Status.Authenticated = users[review.Spec.Token], users[review.Spec.Token] != ""
		return nil
	}}
}

// Auth asks for a ServiceAccount token.
func TestAuthWithoutToken(t *testing.T) {
	t.Parallel()
	users := map[string]string{"router": "system:serviceaccount:agentcube:agentcube-router", "admin": "kubernetes-admin"}
	server := newServer(Config{EnableAuth: true}, cluster(t, sandboxv1alpha1.SandboxStatus{}, reviewer(users)))
	const letIn = http.StatusNotFound // the runtime is unknown
	for name, test := range map[string]struct {
		authorization string
		want          int
	}{
		"ServiceAccount": {"Bearer router", letIn},
		"unknown token":  {"Bearer forged", http.StatusUnauthorized},
		"a person":       {"Bearer admin", http.StatusUnauthorized},
		"no token":       {"", http.StatusUnauthorized},
		"another scheme": {"Basic router", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _ := do(t, server, http.MethodPost, "/v1/agent-runtime", `{"namespace":"team","name":"nobody"}`, "Authorization", test.authorization)
			assert.Equal(t, test.want, code)
			code, _ = do(t, server, http.MethodDelete, "/v1/agent-runtime/sessions/nobody", "", "Authorization", test.authorization)
			assert.Equal(t, test.want, code)
			code, _ = do(t, server, http.MethodGet, "/health", "")
			assert.Equal(t, http.StatusOK, code)
		})
	}
}

// Auth creates and deletes with the caller's token.
func TestAuthWithToken(t *testing.T) {
	t.Parallel()
	users := map[string]string{"mighty": "system:serviceaccount:agentcube:mighty", "weak": "system:serviceaccount:agentcube:weak"}
	runtime := agentRuntime(runtimev1alpha1.TargetPort{Port: accepting(t), Protocol: runtimev1alpha1.ProtocolTypeHTTP})
	own := cluster(t, ready, reviewer(users), runtime)
	server := newServer(Config{EnableAuth: true}, own)
	forbidden := apierrors.NewForbidden(sandboxv1alpha1.GroupVersion.WithResource("sandboxes").GroupResource(), "x", nil)
	server.cluster.As = func(token string) (client.Client, error) {
		if token == "mighty" {
			return own, nil
		}
		return interceptor.NewClient(own, interceptor.Funcs{
			Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error { return forbidden },
			Delete: func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error { return forbidden },
		}), nil
	}
	const body = `{"namespace":"team","name":"echo"}`
	code, _ := do(t, server, http.MethodPost, "/v1/agent-runtime", body, "Authorization", "Bearer weak")
	assert.Equal(t, http.StatusInternalServerError, code)
	assert.Empty(t, sandboxes(t, own))

	code, answer := do(t, server, http.MethodPost, "/v1/agent-runtime", body, "Authorization", "Bearer mighty")
	require.Equal(t, http.StatusOK, code, answer)
	path := "/v1/agent-runtime/sessions/" + decode(t, answer).SessionID
	code, _ = do(t, server, http.MethodDelete, path, "", "Authorization", "Bearer weak")
	assert.Equal(t, http.StatusInternalServerError, code)
	code, _ = do(t, server, http.MethodDelete, path, "", "Authorization", "Bearer mighty")
	assert.Equal(t, http.StatusOK, code)
}

func parse(t *testing.T, args ...string) (*Config, error) {
	t.Helper()
	flags := flag.NewFlagSet("workloadmanager", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	config := BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return config, config.Complete()
}

// The configuration has AgentCube's defaults, which only its chart makes fit a plain cluster.
func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	config, err := parse(t)
	require.NoError(t, err)
	assert.Equal(t, "kuasar-vmm", config.RuntimeClassName)
	assert.Equal(t, "default", config.Namespace)
}

// The configuration rejects what does not go together.
func TestConfigConflicts(t *testing.T) {
	t.Parallel()
	const together, ca = "go together: set all of them or none", "--tls-ca needs"
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"unknown flag":         {[]string{"--no-such-flag"}, "flag provided but not defined"},
		"TLS without files":    {[]string{"--enable-tls"}, together},
		"TLS without a key":    {[]string{"--enable-tls", "--tls-cert=c"}, together},
		"TLS files but no TLS": {[]string{"--tls-cert=c", "--tls-key=k"}, together},
		"CA alone":             {[]string{"--tls-ca=a"}, ca},
		"CA without files":     {[]string{"--enable-tls", "--tls-ca=a"}, together},
		"files, CA but no TLS": {[]string{"--tls-cert=c", "--tls-key=k", "--tls-ca=a"}, together},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(t, test.args...)
			require.ErrorContains(t, err, test.says)
		})
	}
}

// Allowed clients come from the environment.
func TestAllowedClients(t *testing.T) {
	const routerID = "spiffe://cluster.local/ns/agentcube/sa/agentcube-router"
	for name, test := range map[string]struct {
		value string
		want  []string
		fails bool
	}{
		"unset":        {"", nil, false},
		"one":          {routerID, []string{routerID}, false},
		"several":      {routerID + ", spiffe://cluster.local/other,", []string{routerID, "spiffe://cluster.local/other"}, false},
		"no SPIFFE ID": {"agentcube-router", nil, true},
		"half a typo":  {routerID + ",https://cluster.local/x", nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AGENTCUBE_ALLOWED_CLIENT_SPIFFE_IDS", test.value)
			config, err := parse(t)
			if test.fails {
				require.ErrorContains(t, err, "AGENTCUBE_ALLOWED_CLIENT_SPIFFE_IDS")
				return
			}
			require.NoError(t, err)
			var got []string
			for _, id := range config.AllowedClients {
				got = append(got, id.String())
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestTLSIsAsStrictAsTheFlagsSay(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	cert, key, bundle := ca.SVID(t, "spiffe://cluster.local/ns/agentcube/sa/workloadmanager").Write(t, t.TempDir(), ca)

	none, err := (&Config{}).TLS(t.Context())
	require.NoError(t, err)
	assert.Nil(t, none)

	plain, err := (&Config{EnableTLS: true, TLSCert: cert, TLSKey: key}).TLS(t.Context())
	require.NoError(t, err)
	assert.Equal(t, tls.NoClientCert, plain.ClientAuth)

	mutual, err := (&Config{
		EnableTLS: true, TLSCert: cert, TLSKey: key, TLSCA: bundle,
		AllowedClients: []spiffeid.ID{spiffeid.RequireFromString("spiffe://cluster.local/only-this")},
	}).TLS(t.Context())
	require.NoError(t, err)
	assert.Equal(t, tls.RequireAnyClientCert, mutual.ClientAuth)
	assert.Equal(t, uint16(tls.VersionTLS13), mutual.MinVersion)
	other := ca.SVID(t, "spiffe://cluster.local/other").TLS(t)
	require.ErrorContains(t, mutual.VerifyPeerCertificate(other.Certificate, nil), "spiffe://cluster.local/other")
	for _, line := range []string{
		"Waiting for WorkloadManager mTLS cert/key/CA files",
		"All mTLS cert/key/CA files are present",
		"WorkloadManager mTLS enabled: accepting clients with valid SPIRE-provisioned certificates",
		"Only these clients are let in: [spiffe://cluster.local/only-this]",
	} {
		assert.True(t, logged.Has(line), line)
	}
}

// The WorkloadManager waits half a minute for its certificates.
func TestWaitForCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := &Config{EnableTLS: true, TLSCert: dir + "/svid.pem", TLSKey: dir + "/svid_key.pem", TLSCA: dir + "/svid_bundle.pem"}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		require.ErrorContains(t, Run(t.Context(), config, nil, nil), dir+"/svid_bundle.pem")
		assert.Equal(t, 30*time.Second, time.Since(began))
	})
}
