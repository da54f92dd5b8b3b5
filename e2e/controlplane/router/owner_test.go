package router

import (
	"net/http"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/volcano-sh/agentcube/pkg/common/types"

	"agentcube-mtls/e2e/controlplane/sessions"
)

// A session belongs to the caller that made it.
func TestSessionOwner(t *testing.T) {
	t.Parallel()
	issuer := newProvider(t)
	router, _ := newRouter(t, Config{WorkloadManagerURL: "http://unused", JWT: JWTConfig{issuer.url, "", "roles", "user"}})
	endpoint := sandbox(t, func(http.ResponseWriter, *http.Request) {})
	remember(t, "owned", endpoint)
	remember(t, "ownerless", endpoint)
	require.NoError(t, sessions.NewOwners().Set(t.Context(), "owned", "alice", time.Now().Add(time.Hour)))
	for name, test := range map[string]struct {
		subject string
		roles   []string
		session string
		want    int
	}{
		"owner":                          {"alice", []string{"user"}, "owned", http.StatusOK},
		"another":                        {"bob", []string{"user"}, "owned", http.StatusForbidden},
		"admin":                          {"carol", []string{"user", "admin"}, "owned", http.StatusOK},
		"admin without the role":         {"carol", []string{"admin"}, "owned", http.StatusForbidden},
		"a session of before the issuer": {"alice", []string{"user"}, "ownerless", http.StatusForbidden},
		"its admin":                      {"carol", []string{"user", "admin"}, "ownerless", http.StatusOK},
		"no session":                     {"alice", []string{"user"}, "never-made", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := issuer.token(t, jwt.MapClaims{"sub": test.subject, "roles": test.roles})
			code, _, body := call(t, router, http.MethodGet, agentURL, map[string]string{"Authorization": token, sessionHeader: test.session})
			assert.Equal(t, test.want, code, body)
		})
	}
}

func TestManagerIsToldTheCaller(t *testing.T) {
	t.Parallel()
	issuer := newProvider(t)
	manager := &fakeManager{status: http.StatusOK, kind: types.SandboxKind, session: "told", endpoint: sandbox(t, func(http.ResponseWriter, *http.Request) {})}
	router, signer := newRouter(t, Config{WorkloadManagerURL: listenPlain(t, manager), JWT: JWTConfig{issuer.url, "", "roles", "user"}})
	token := issuer.token(t, jwt.MapClaims{"sub": "alice", "roles": "user"})
	code, _, _ := call(t, router, http.MethodPost, agentURL, map[string]string{"Authorization": token})
	require.Equal(t, http.StatusOK, code)

	pem, err := signer.GetPublicKeyPEM()
	require.NoError(t, err)
	key, err := jwt.ParseRSAPublicKeyFromPEM(pem)
	require.NoError(t, err)
	require.Len(t, manager.users, 1)
	identity, err := jwt.Parse(manager.users[0], func(*jwt.Token) (any, error) { return key, nil }, jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired())
	require.NoError(t, err)
	subject, err := identity.Claims.GetSubject()
	require.NoError(t, err)
	assert.Equal(t, "alice", subject)
}

func TestWithoutAnIssuerNobodyIsTold(t *testing.T) {
	t.Parallel()
	manager := &fakeManager{status: http.StatusNotFound}
	router, _ := routerWith(t, manager)
	call(t, router, http.MethodPost, agentURL, map[string]string{"X-AgentCube-User-Identity": "forged"})
	assert.Equal(t, []string{""}, manager.users)
}
