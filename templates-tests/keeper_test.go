package templatestests

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	appsv1 "k8s.io/api/apps/v1"
)

// TestBundleKeeper runs the bundle keeper's script as it is against an API server here, which
// returns another state of the ConfigMap at each request.
func TestBundleKeeper(t *testing.T) {
	t.Parallel()
	const (
		full    = `{"items":[{"metadata":{"resourceVersion":"7"},"data":{"bundle.crt":"-----BEGIN\nA\n"}}]}`
		emptied = `{"items":[{"metadata":{"resourceVersion":"8"}}]}`
		blank   = `{"items":[{"metadata":{"resourceVersion":"8"},"data":{"bundle.crt":""}}]}`
		gone    = `{"metadata":{"resourceVersion":"9"},"items":[]}`
	)
	const putBack = `PATCH {"metadata":{"resourceVersion":"8"},"data":{"bundle.crt":"-----BEGIN\nA\n"}}`
	const created = `POST {"metadata":{"name":"spire-bundle","labels":{"app.kubernetes.io/managed-by":"Helm"},"annotations":` +
		`{"meta.helm.sh/release-name":"agentcube","meta.helm.sh/release-namespace":"agentcube"}},"data":{%s}}`
	for name, c := range map[string]struct{ seen, wrote []string }{
		"untouched":                {[]string{full, full}, nil},
		"SPIRE is switched off":    {[]string{full, switchedOff, switchedOff, switchedOff, switchedOff}, nil},
		"emptied":                  {[]string{full, emptied, full}, []string{putBack}},
		"an empty text":            {[]string{full, blank, full}, []string{putBack}},
		"emptied before it looked": {[]string{emptied, emptied}, nil},
		"gone for a moment":        {[]string{full, gone, gone}, nil},
		"gone":                     {[]string{full, gone, gone, gone}, []string{fmt.Sprintf(created, `"bundle.crt":"-----BEGIN\nA\n"`)}},
		"gone before it looked":    {[]string{gone, gone, gone}, []string{fmt.Sprintf(created, "")}},
		"an API server that fails": {[]string{full, "", emptied}, []string{putBack}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wrote, said := keepBundle(t, t.TempDir(), c.seen...)
			assert.Equal(t, c.wrote, wrote, said)
		})
	}
	t.Run("emptied while its container restarted", func(t *testing.T) {
		t.Parallel()
		volume := t.TempDir()
		_, said := keepBundle(t, volume, full)
		wrote, saidLater := keepBundle(t, volume, emptied)
		assert.Equal(t, []string{putBack}, wrote, said+saidLater)
	})
}

// keepBundle runs the bundle keeper's script with a folder as its volume, for as long as the API
// server has states to show. It returns what the script wrote to the API server, and its output.
func keepBundle(t *testing.T, volume string, seen ...string) (wrote []string, said string) {
	t.Helper()
	api := &configMaps{seen: seen}
	keeper := container(t, get[*appsv1.StatefulSet](t, render(t, spire), "spire-server").Spec.Template.Spec, "bundle-keeper")
	// The script ends when sleep does not succeed.
	script := fmt.Sprintf("sleep() { echo >>\"$CURL_HOME/looks\"; [ $(wc -l <\"$CURL_HOME/looks\") -le %d ]; }\n", len(seen)) +
		strings.ReplaceAll(keeper.Command[2], keeper.VolumeMounts[0].MountPath, volume)
	said, _ = shell(t, script, map[string]string{
		"kubernetes.default.svc:443": serving(t, httptest.NewUnstartedServer(api), &tls.Config{MinVersion: tls.VersionTLS12}),
	})
	return api.wrote, said
}

// switchedOff is a namespace without the ConfigMap of the trust bundle, and without the server's
// ServiceAccount.
const switchedOff = `{"metadata":{"resourceVersion":"10"},"items":[]}`

// configMaps is an API server with the ConfigMap of the trust bundle in one state after the other.
// The state "" is that it does not answer.
type configMaps struct {
	mu    sync.Mutex
	state string
	seen  []string
	wrote []string
}

func (c *configMaps) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Method != http.MethodGet {
		body, _ := io.ReadAll(r.Body)
		c.wrote = append(c.wrote, r.Method+" "+string(body))
		return
	}
	if strings.HasSuffix(r.URL.Path, "/serviceaccounts/spire-server") {
		if c.state == switchedOff {
			w.WriteHeader(http.StatusNotFound)
		}
		return
	}
	c.state, c.seen = c.seen[0], c.seen[1:]
	if c.state == "" {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = io.WriteString(w, c.state)
}
