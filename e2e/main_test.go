// Package e2e proves the charts on a living kind cluster.
package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/artifacts"
	"agentcube-mtls/e2e/environment"
	"agentcube-mtls/e2e/helm"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/platform/cluster"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/progress"
	"agentcube-mtls/e2e/release"
)

// patience bounds a test. It is never a measure: it is far above what a busy machine takes.
const patience = 40 * time.Minute

// soak is whether scenarios take their time: SOAK=1 asks for the full counts.
var soak = os.Getenv("SOAK") != ""

// suite is the cluster that all tests share, with one release of the chart on it.
var suite struct {
	helm       *helm.Client
	kubeconfig string
	release    release.Release
}

func TestMain(m *testing.M) {
	nodes, err := environment.Nodes(3)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Exit(environment.RunTests(m, "-test", nodes, setUp))
}

func setUp(ctx context.Context, log *progress.Log, c *cluster.Cluster) error {
	// Should this run be killed, the next one does not begin in the middle of a fault.
	if err := c.MarkUnsound(); err != nil {
		return err
	}
	kubeconfig, err := c.Kubeconfig()
	if err != nil {
		return err
	}
	client, charts, err := environment.Install(ctx, log, c)
	if err != nil {
		return err
	}
	for _, image := range []images.Image{images.PostgreSQL, images.CSIDriver, images.KubeRouter} {
		if err := log.Step("image "+image.Name, func() error { return image.Build(ctx) }); err != nil {
			return err
		}
	}
	err = log.Step("loading them into the cluster", func() error { return c.Load(ctx, []string{images.CSIDriver.Name, images.KubeRouter.Name}) })
	if err != nil {
		return err
	}
	suite.helm, suite.kubeconfig = charts, kubeconfig
	suite.release = release.Release{Client: client, Namespace: helm.Namespace, Name: helm.Name}
	// Terratest looks for helm as a user's shell does.
	return os.Setenv("PATH", filepath.Dir(charts.Program)+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// start begins a test: it runs beside the others where there is room, for a bounded time, and leaves artifacts if it fails.
func start(t *testing.T) context.Context {
	t.Helper()
	t.Parallel()
	awaitRoom(t, false)
	return startAlone(t)
}

// startLong begins a test as start does, but ahead of those that take less time.
func startLong(t *testing.T) context.Context {
	t.Helper()
	t.Parallel()
	awaitRoom(t, true)
	return startAlone(t)
}

// startAlone begins a test as start does, but one that disturbs the whole cluster: it is not parallel, and so no other runs meanwhile.
func startAlone(t *testing.T) context.Context {
	t.Helper()
	limit := patience
	if soak {
		limit *= 2
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(func() {
		cancel()
		explain(t)
	})
	return ctx
}

// afterwards removes what a test has made when the test ends, and leaves its artifacts first if it failed, while all is there.
func afterwards(t *testing.T, remove func(context.Context)) {
	t.Helper()
	t.Cleanup(func() {
		explain(t)
		remove(context.Background())
	})
}

// explained holds the names of the tests that have left their artifacts.
var explained sync.Map

// explain leaves artifacts of a test that failed, once.
func explain(t *testing.T) {
	t.Helper()
	if !t.Failed() {
		return
	}
	if _, done := explained.LoadOrStore(t.Name(), true); !done {
		dir, err := artifacts.Collect(context.Background(), t.Name(), suite.release.Client, suite.helm)
		t.Logf("artifacts: %s (%v)", dir, err)
	}
}

// eventually waits until check returns no error, and fails the test with the last error if it never does.
func eventually(ctx context.Context, t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	require.NoError(t, kube.Eventually(ctx, what, check))
}
