package router

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"maps"
	"math/big"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/controlplane/serve"
)

// provider is an OIDC issuer with one key.
type provider struct {
	url string
	key *rsa.PrivateKey
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p := &provider{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		serve.JSON(w, http.StatusOK, map[string]any{
			"issuer": p.url, "jwks_uri": p.url + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
		serve.JSON(w, http.StatusOK, map[string]any{"keys": []map[string]string{{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1",
			"n": number(key.N), "e": number(big.NewInt(int64(key.E))),
		}}})
	})
	p.url = listenPlain(t, mux)
	return p
}

// token is a good token for the default audience, but for the claims given.
func (p *provider) token(t *testing.T, claims jwt.MapClaims) string {
	t.Helper()
	all := jwt.MapClaims{"iss": p.url, "aud": "agentcube-api", "sub": "somebody", "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(all, claims)
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, all)
	token.Header["kid"] = "1"
	signed, err := token.SignedString(p.key)
	require.NoError(t, err)
	return "Bearer " + signed
}

// Callers need a good token and the role.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	issuer, forger := newProvider(t), newProvider(t)
	router, _ := newRouter(t, Config{
		WorkloadManagerURL: listenPlain(t, &fakeManager{status: http.StatusNotFound}),
		JWT:                JWTConfig{issuer.url, "", "realm_access.roles", "agent-user"},
	})
	const letIn = http.StatusNotFound // by the WorkloadManager, behind the check
	having := func(roles any) jwt.MapClaims { return jwt.MapClaims{"realm_access": map[string]any{"roles": roles}} }
	with := func(claims jwt.MapClaims, name string, value any) jwt.MapClaims { claims[name] = value; return claims }
	user := func() jwt.MapClaims { return having([]string{"other", "agent-user"}) }
	for name, test := range map[string]struct {
		authorization string
		want          int
	}{
		"one role of several":  {issuer.token(t, user()), letIn},
		"role as a string":     {issuer.token(t, having("agent-user")), letIn},
		"no token":             {"", http.StatusUnauthorized},
		"another scheme":       {"Basic " + issuer.token(t, user())[len("Bearer "):], http.StatusUnauthorized},
		"no JWT":               {"Bearer nonsense", http.StatusUnauthorized},
		"another's signature":  {forger.token(t, with(user(), "iss", issuer.url)), http.StatusUnauthorized},
		"another issuer":       {forger.token(t, user()), http.StatusUnauthorized},
		"another audience":     {issuer.token(t, with(user(), "aud", "other")), http.StatusUnauthorized},
		"no subject":           {issuer.token(t, with(user(), "sub", "")), http.StatusUnauthorized},
		"expired":              {issuer.token(t, with(user(), "exp", time.Now().Add(-time.Hour).Unix())), http.StatusUnauthorized},
		"another role":         {issuer.token(t, having([]string{"agent-users"})), http.StatusForbidden},
		"no roles":             {issuer.token(t, nil), http.StatusForbidden},
		"roles of other shape": {issuer.token(t, jwt.MapClaims{"realm_access": "agent-user"}), http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, _ := call(t, router, http.MethodPost, agentURL, map[string]string{"Authorization": test.authorization})
			assert.Equal(t, test.want, code)
		})
	}
	t.Run("health needs none", func(t *testing.T) {
		t.Parallel()
		code, _, _ := call(t, router, http.MethodGet, "/health/ready", nil)
		assert.Equal(t, http.StatusOK, code)
	})
}

// The Router does not start without its issuer.
func TestIssuerGone(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"nothing listens": "http://" + closedPort(t),
		"no issuer":       listenPlain(t, http.NotFoundHandler()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(t.Context(), &Config{WorkloadManagerURL: "http://unused", JWT: JWTConfig{IssuerURL: url, RoleClaim: "roles", RequiredRole: "user"}}, nil, nil, nil)
			require.ErrorContains(t, err, "asking the OIDC issuer "+url)
		})
	}
}

// The Router ends when its issuer accepts connections but says nothing.
func TestSilentIssuer(t *testing.T) {
	t.Parallel()
	url := listenPlain(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	ended := make(chan error, 1)
	go func() {
		_, err := discover(t.Context(), JWTConfig{IssuerURL: url})
		ended <- err
	}()
	select {
	case err := <-ended:
		require.ErrorContains(t, err, "Client.Timeout exceeded")
	case <-time.After(time.Minute):
		t.Fatal("it still waits for the issuer")
	}
}

func TestIssuerIsAskedOnce(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	url := listenPlain(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	}))
	_, err := discover(t.Context(), JWTConfig{IssuerURL: url})
	require.ErrorContains(t, err, "502 Bad Gateway")
	assert.Equal(t, int32(1), asked.Load())
}

func TestIssuerIsLogged(t *testing.T) {
	t.Parallel()
	issuer := newProvider(t)
	_, err := discover(t.Context(), JWTConfig{IssuerURL: issuer.url})
	require.NoError(t, err)
	assert.True(t, logged.Has("External authentication enabled: issuer="+issuer.url))
}

// The role claim is a name first and a path second.
func TestRoleClaim(t *testing.T) {
	t.Parallel()
	claims := map[string]any{
		"https://example.org/roles": []any{"by name"},
		"realm_access":              map[string]any{"roles": []any{"by path", 7}},
	}
	assert.Equal(t, []string{"by name"}, roles(claims, "https://example.org/roles"))
	assert.Equal(t, []string{"by path"}, roles(claims, "realm_access.roles"))
	assert.Empty(t, roles(claims, "realm_access.groups"))
	assert.Empty(t, roles(claims, "sub.roles"))
}
