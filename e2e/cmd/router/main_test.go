package main

import (
	"net"
	"os/exec"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/testprogram"
)

func TestMain(m *testing.M) { testprogram.Main(m, main) }

// The Router ends where it cannot start: it waits for nobody, and leaves the next attempt to the
// kubelet.
func TestFailedStart(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t).Addr()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	closed := listener.Addr().String()
	for name, test := range map[string]struct {
		redis string
		args  []string
		says  string
	}{
		"unknown flag":                  {redis, []string{"--no-such-flag"}, "flag provided but not defined"},
		"part of the certificate files": {redis, []string{"--mtls-cert=svid.pem"}, "go together"},
		"issuer without a role":         {redis, []string{"--jwt-issuer-url=http://" + closed, "--jwt-role-claim=roles"}, "--jwt-required-role"},
		"issuer does not answer":        {redis, []string{"--jwt-issuer-url=http://" + closed, "--jwt-role-claim=roles", "--jwt-required-role=user"}, "asking the OIDC issuer"},
		"Redis does not answer":         {closed, nil, "pinging the session store"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, err := testprogram.Command(t.Context(), append([]string{"--port=0"}, test.args...), []string{
				"WORKLOAD_MANAGER_URL=http://unused", "REDIS_PASSWORD_REQUIRED=false", "REDIS_ADDR=" + test.redis,
			}).CombinedOutput()
			var ended *exec.ExitError
			require.ErrorAs(t, err, &ended, string(log))
			assert.Contains(t, string(log), test.says)
		})
	}
}
