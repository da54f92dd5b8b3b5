package failures_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"agentcube-mtls/internal/command"
	"agentcube-mtls/templates-tests/apiserver"
)

// helm runs one version of Helm's program.
type helm struct {
	version *helmVersion
	address string // of the API server; empty: its own
	driver  string // where helm keeps its records; empty: in Secrets
}

func (h helm) run(ctx context.Context, args ...string) (string, error) {
	return command.New(append([]string{h.version.program}, args...)...).With(h.environment()...).Output(ctx)
}

// home is the folder of all that this version of Helm keeps.
func (h helm) home() string {
	return filepath.Join(server.Dir, filepath.Base(filepath.Dir(h.version.program)))
}

func (h helm) environment() []string {
	home := h.home()
	return []string{"HELM_CACHE_HOME=" + home, "HELM_CONFIG_HOME=" + home, "HELM_DATA_HOME=" + home, "KUBECACHEDIR=" + home, "GOGC=400", "HELM_MAX_HISTORY=5",
		"KUBECONFIG=" + server.Kubeconfig, "HELM_KUBEAPISERVER=" + h.address, "HELM_DRIVER=" + h.driver}
}

// release is a release in a namespace of its own, of its own name.
type release struct {
	t    *testing.T
	name string
	helm helm
}

// newRelease installs the chart, with agents on nodes that are ready.
func newRelease(t *testing.T, name string, version *helmVersion, values ...string) release {
	t.Helper()
	r := release{t, name, helm{version: version}}
	r.install(values...)
	return r
}

// noValidation spares helm the description of the whole API, by which it would check manifests: the
// API server checks them anyway.
const noValidation = "--disable-openapi-validation"

func (r release) install(values ...string) {
	r.t.Helper()
	args := []string{"install", r.name, chart, noValidation, "--namespace", r.name, "--create-namespace", "--wait", "--timeout", "5m",
		"--set-json", `spire.agent.nodeSelector={"ready":"true"}`, "--set", "redis.addr=redis:6379"}
	r.must(r.helm.run(r.t.Context(), set(args, values)...))
}

// eachHelm runs a test with each version of Helm, on a release of its own that has some values.
func eachHelm(t *testing.T, name string, test func(t *testing.T, r release), values ...string) {
	t.Helper()
	for version, helm := range helms {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			test(t, newRelease(t, name+"-"+strings.ReplaceAll(version, ".", "-"), helm, values...))
		})
	}
}

func set(args, values []string) []string {
	for _, value := range values {
		args = append(args, "--set", value)
	}
	return args
}

func (r release) must(output string, err error) {
	r.t.Helper()
	require.NoError(r.t, err, output)
}

// upgrade is what a user does who changes one value.
func (r release) upgrade(values ...string) error {
	r.t.Helper()
	return r.upgradeWith(nil, values...)
}

func (r release) upgradeWith(flags []string, values ...string) error {
	r.t.Helper()
	args := append([]string{"upgrade", r.name, chart, noValidation, "--namespace", r.name, "--reuse-values"}, flags...)
	output, err := r.helm.run(r.t.Context(), set(args, values)...)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return nil
}

// fail upgrades to values with which not all pods get ready, and waits in vain.
func (r release) fail(values ...string) {
	r.t.Helper()
	err := r.upgradeWith([]string{"--wait", "--timeout", "3s"}, values...)
	require.ErrorContains(r.t, err, "UPGRADE FAILED")
	require.NotContains(r.t, err.Error(), "Nothing has been changed", "the upgrade must begin")
}

func (r release) rollback(revision int) {
	r.t.Helper()
	r.must(r.tryRollback(revision))
}

func (r release) tryRollback(revision int, flags ...string) (string, error) {
	args := []string{"rollback", r.name, fmt.Sprint(revision), "--namespace", r.name, "--wait", "--timeout", "1m"}
	return r.helm.run(r.t.Context(), append(args, flags...)...)
}

// objects are what the release is made of, as the cluster has it.
func (r release) objects() apiserver.Objects {
	r.t.Helper()
	objects, err := server.ObjectsOfHelm(r.t.Context(), r.name)
	require.NoError(r.t, err)
	require.NotEmpty(r.t, objects)
	return objects
}

// cutOff upgrades with a helm that is cut off as cutOffHelm does.
func (r release) cutOff(signal os.Signal, changes int, values ...string) bool {
	r.t.Helper()
	return r.cutOffHelm(signal, changes, set([]string{"upgrade", r.name, chart, noValidation, "--reuse-values"}, values)...)
}

// cutOffHelm runs helm and sends it a signal once it has changed so many objects, its own records
// not counted. It returns false where helm changed no more than these, and has ended without a
// signal.
func (r release) cutOffHelm(signal os.Signal, changes int, args ...string) bool {
	r.t.Helper()
	between := newInterrupter(r.t, changes)
	defer between.Close()
	r.helm.address = between.URL
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, r.helm.version.program, append(args, "--namespace", r.name)...)
	cmd.Env = append(os.Environ(), r.helm.environment()...)
	cmd.Cancel = func() error { return cmd.Process.Signal(signal) }
	between.reached = cancel
	output, err := cmd.CombinedOutput()
	close(between.ended)
	if ctx.Err() == nil {
		require.NoError(r.t, err, string(output))
		return false
	}
	return true
}

// deletions upgrades and returns what helm deletes on the way, as kind/name in the order of the
// requests.
func (r release) deletions(values ...string) []string {
	r.t.Helper()
	between := newInterrupter(r.t, math.MaxInt)
	defer between.Close()
	r.helm.address = between.URL
	require.NoError(r.t, r.upgrade(values...))
	return between.deleted
}

// interrupter stands between helm and the API server. It passes on a number of changes, and holds
// back the next one.
type interrupter struct {
	*httptest.Server
	mu      sync.Mutex
	left    int
	reached func()
	ended   chan struct{} // closed when helm has ended
	deleted []string      // as kind/name
}

func newInterrupter(t *testing.T, changes int) *interrupter {
	t.Helper()
	target, err := url.Parse(server.Config.Host)
	require.NoError(t, err)
	transport, err := rest.TransportFor(server.Config)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = transport
	proxy.ErrorLog = log.New(io.Discard, "", 0) // helm, once killed, hangs up
	i := &interrupter{left: changes, ended: make(chan struct{})}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if changesObject(request) && !i.admit(request) {
			i.reached()
			<-i.ended
			return
		}
		proxy.ServeHTTP(w, request)
	}))
	return i
}

// changesObject tells whether a request changes an object other than a Secret: Helm's records are
// Secrets.
func changesObject(request *http.Request) bool {
	return request.Method != http.MethodGet && !strings.Contains(request.URL.Path, "/secrets") && !request.URL.Query().Has("dryRun")
}

func (i *interrupter) admit(request *http.Request) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if request.Method == http.MethodDelete {
		kind, name := path.Split(request.URL.Path)
		i.deleted = append(i.deleted, path.Join(path.Base(kind), name))
	}
	i.left--
	return i.left >= 0
}
