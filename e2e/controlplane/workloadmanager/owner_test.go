package workloadmanager

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	runtimev1alpha1 "github.com/volcano-sh/agentcube/pkg/apis/runtime/v1alpha1"
	"github.com/volcano-sh/agentcube/pkg/router"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"agentcube-mtls/e2e/controlplane/internal/wire"
	"agentcube-mtls/e2e/controlplane/sessions"
)

// identity is the Secret with the public half of the Router's key.
func identity(t *testing.T, key *router.JWTManager) *corev1.Secret {
	t.Helper()
	pem, err := key.GetPublicKeyPEM()
	require.NoError(t, err)
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "agentcube", Name: router.IdentitySecretName},
		Data:       map[string][]byte{router.PublicKeyDataKey: pem},
	}
}

// newKey is a key such as the Router has.
func newKey(t *testing.T) *router.JWTManager {
	t.Helper()
	key, err := router.NewJWTManager()
	require.NoError(t, err)
	return key
}

func TestOwnerIsWhomTheRouterNames(t *testing.T) {
	t.Parallel()
	key, forged := newKey(t), newKey(t)
	sign := func(key *router.JWTManager, claims map[string]any) string {
		token, err := key.GenerateToken(claims)
		require.NoError(t, err)
		return token
	}
	runtime := agentRuntime(runtimev1alpha1.TargetPort{Port: accepting(t), Protocol: runtimev1alpha1.ProtocolTypeHTTP})
	cluster := cluster(t, ready, interceptor.Funcs{}, runtime, identity(t, key))
	server := newServer(Config{}, cluster)
	require.NoError(t, server.awaitRouterKey(t.Context()))
	for name, test := range map[string]struct {
		header, owner string
		want          int
	}{
		"none":                  {"", "", http.StatusOK},
		"a caller":              {sign(key, map[string]any{"sub": "alice"}), "alice", http.StatusOK},
		"a forged one":          {sign(forged, map[string]any{"sub": "alice"}), "", http.StatusUnauthorized},
		"expired":               {sign(key, map[string]any{"sub": "alice", "exp": 1}), "", http.StatusUnauthorized},
		"a token for a sandbox": {sign(key, map[string]any{"session_id": "x"}), "", http.StatusUnauthorized},
		"no token":              {"alice", "", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, body := do(t, server, http.MethodPost, "/v1/agent-runtime", `{"namespace":"team","name":"echo"}`, wire.UserIdentity, test.header)
			require.Equal(t, test.want, code, body)
			if code != http.StatusOK {
				return
			}
			owner, err := sessions.NewOwners().Get(t.Context(), decode(t, body).SessionID)
			require.NoError(t, err)
			assert.Equal(t, test.owner, owner)
		})
	}
}
