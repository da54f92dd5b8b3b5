package templatestests

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shell runs a script that the chart writes, and returns what it says. Its curl is told where the
// hosts and ports of a release lead, and its sleep returns at once.
func shell(t *testing.T, script string, ports map[string]string) (string, error) {
	t.Helper()
	_, err := exec.LookPath("curl")
	require.NoError(t, err, "the script calls curl: apt-get install curl")
	dir := t.TempDir()
	settings := strings.Builder{}
	settings.WriteString("insecure\n") // the servers here have certificates of their own
	for name, address := range ports {
		fmt.Fprintf(&settings, "connect-to = %q\n", name+":"+address)
	}
	script = strings.ReplaceAll(script, "/var/run/secrets/kubernetes.io/serviceaccount", dir)
	for file, content := range map[string]string{".curlrc": settings.String(), "script.sh": script, "sleep": "#!/bin/sh\n", "token": "token", "ca.crt": ""} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(content), 0o755))
	}
	// A script that waits for something that never comes would loop without end.
	bounded, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := exec.CommandContext(bounded, "sh", filepath.Join(dir, "script.sh"))
	run.Env = append(os.Environ(), "CURL_HOME="+dir, "PATH="+dir+":"+os.Getenv("PATH"))
	said, err := run.CombinedOutput()
	return string(said), err
}

// passingMinutes goes before a script, and lets two minutes pass from one look at the clock to the
// next.
const passingMinutes = "date() { echo $(($(wc -l <\"$CURL_HOME/clock\") * 120)); echo >>\"$CURL_HOME/clock\"; }\n: >\"$CURL_HOME/clock\"\n"

// serving starts a server, with TLS if it is given any, and returns its address.
func serving(t *testing.T, server *httptest.Server, config *tls.Config) string {
	t.Helper()
	server.TLS = config
	if config == nil {
		server.Start()
	} else {
		server.StartTLS()
	}
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// nobody returns an address at which nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// As the first process of its container, a shell without a trap ignores the signal to stop, and
// runs for the whole grace period.
func TestScriptsEndWhenTheyAreTold(t *testing.T) {
	t.Parallel()
	scripts := 0
	for name, spec := range podSpecs(render(t, everything, twoServers)) {
		for _, c := range containers(spec) {
			if len(c.Command) == 3 && c.Command[0] == "sh" {
				scripts++
				assert.Regexp(t, `(?m)^trap 'exit \d' TERM$`, c.Command[2], "%s: %s", name, c.Name)
			}
		}
	}
	assert.Greater(t, scripts, 5)
}
