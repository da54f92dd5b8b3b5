package router

import (
	"flag"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// parse reads a command line as the program does. It sets the environment, so its tests cannot run
// in parallel.
func parse(t *testing.T, args ...string) (*Config, error) {
	t.Helper()
	t.Setenv("WORKLOAD_MANAGER_URL", "http://workloadmanager:8080")
	flags := flag.NewFlagSet("router", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	config := BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	return config, config.Complete()
}

// The configuration has AgentCube's defaults.
//
//nolint:paralleltest // parse sets the environment
func TestConfigDefaults(t *testing.T) {
	config, err := parse(t)
	require.NoError(t, err)
	assert.Equal(t, "default", config.Namespace)
	assert.Equal(t, "cluster.local", config.TrustDomain)
	assert.Equal(t, JWTConfig{Audience: "agentcube-api"}, config.JWT)
	assert.Equal(t, 200*time.Millisecond, config.DialTimeout)
	id, err := config.serverID()
	require.NoError(t, err)
	assert.Equal(t, "spiffe://cluster.local/ns/default/sa/workloadmanager", id.String())
}

// The dial timeout comes from the environment.
//
//nolint:paralleltest // it sets the environment
func TestDialTimeout(t *testing.T) {
	for value, want := range map[string]time.Duration{"30s": 30 * time.Second, "": 200 * time.Millisecond, "30": 0, "0s": 0, "-1s": 0} {
		t.Setenv("STAND_IN_DIAL_TIMEOUT", value)
		config, err := parse(t)
		if want == 0 {
			require.ErrorContains(t, err, "STAND_IN_DIAL_TIMEOUT", value)
			continue
		}
		require.NoError(t, err, value)
		assert.Equal(t, want, config.DialTimeout, value)
	}
}

// An audience without an issuer is harmless.
//
//nolint:paralleltest // parse sets the environment
func TestAudienceWithoutIssuer(t *testing.T) {
	_, err := parse(t, "--jwt-audience=a")
	require.NoError(t, err)
}

// The server's SPIFFE ID follows the environment.
func TestServerID(t *testing.T) {
	t.Setenv("AGENTCUBE_NAMESPACE", "ai")
	t.Setenv("AGENTCUBE_SPIFFE_TRUST_DOMAIN", "example.org")
	config, err := parse(t)
	require.NoError(t, err)
	id, err := config.serverID()
	require.NoError(t, err)
	assert.Equal(t, "spiffe://example.org/ns/ai/sa/workloadmanager", id.String())
}

// The configuration rejects what does not go together.
//
//nolint:paralleltest // parse sets the environment
func TestConfigConflicts(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"unknown flag":           {[]string{"--no-such-flag"}, "not defined"},
		"certificate alone":      {[]string{"--mtls-cert=c"}, "--mtls-key"},
		"no CA":                  {[]string{"--mtls-cert=c", "--mtls-key=k"}, "--mtls-ca"},
		"TLS without files":      {[]string{"--enable-tls"}, "--tls-cert"},
		"TLS without a key":      {[]string{"--enable-tls", "--tls-cert=c"}, "--tls-key"},
		"TLS files but no TLS":   {[]string{"--tls-cert=c", "--tls-key=k"}, "--enable-tls"},
		"half the TLS files":     {[]string{"--tls-key=k"}, "--enable-tls"},
		"role without issuer":    {[]string{"--jwt-required-role=r"}, "--jwt-issuer-url"},
		"issuer alone":           {[]string{"--jwt-issuer-url=u"}, "--jwt-role-claim"},
		"issuer without a claim": {[]string{"--jwt-issuer-url=u", "--jwt-required-role=r"}, "--jwt-role-claim"},
		"issuer without a role":  {[]string{"--jwt-issuer-url=u", "--jwt-role-claim=c"}, "--jwt-required-role"},
		"certificate and CA":     {[]string{"--mtls-cert=c", "--mtls-ca=a"}, "--mtls-key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, test.args...)
			require.ErrorContains(t, err, test.says)
		})
	}
}

// The configuration accepts the contract's flags.
//
//nolint:paralleltest // parse sets the environment
func TestConfigFlags(t *testing.T) {
	config, err := parse(t, "--port=8081", "--debug", "--max-concurrent-requests=5",
		"--enable-tls", "--tls-cert=tc", "--tls-key=tk",
		"--mtls-cert=c", "--mtls-key=k", "--mtls-ca=a",
		"--jwt-issuer-url=https://issuer", "--jwt-audience=agentcube", "--jwt-role-claim=realm_access.roles", "--jwt-required-role=user")
	require.NoError(t, err)
	assert.Equal(t, 5, config.MaxConcurrentRequests)
	assert.Equal(t, JWTConfig{"https://issuer", "agentcube", "realm_access.roles", "user"}, config.JWT)
}

// The configuration needs the WorkloadManager's URL.
func TestConfigWithoutURL(t *testing.T) {
	t.Setenv("WORKLOAD_MANAGER_URL", "")
	require.ErrorContains(t, (&Config{}).Complete(), "WORKLOAD_MANAGER_URL")
}

// Only plain HTTP URLs are rewritten.
func TestURLScheme(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "https://workloadmanager:8080", withHTTPS("http://workloadmanager:8080"))
	assert.Equal(t, "https://workloadmanager:8443/x", withHTTPS("https://workloadmanager:8443/x"))
	assert.True(t, logged.Has("Using https:// for WORKLOAD_MANAGER_URL because mTLS is configured"))
}
