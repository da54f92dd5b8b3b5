// Package suite is what the scenarios share: the cluster with its release, when a scenario may run,
// releases and load, and the artifacts of a failure.
package suite

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/artifacts"
	"agentcube-mtls/e2e/environment"
	"agentcube-mtls/e2e/environment/testrun"
	"agentcube-mtls/e2e/helm"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/platform/cluster"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/progress"
	"agentcube-mtls/e2e/release"
)

// patience bounds a test. It is far above what a busy machine takes: no test measures time by it.
const patience = 40 * time.Minute

// Soak is whether scenarios run with their full counts: SOAK=1 asks for that.
var Soak = environment.Soak()

// Env is the cluster that all scenarios share, with one release of the chart on it.
var Env struct {
	Cluster    *cluster.Cluster
	Helm       *helm.Client
	Kubeconfig string
	Release    release.Release
}

// Main is the body of TestMain. It returns the code to exit with.
func Main(m *testing.M, scenarios []Scenario) int {
	flag.Parse()
	err := errors.Join(Check(scenarios), CheckFilter(flag.Lookup("test.run").Value.String(), scenarios))
	nodes, wrong := environment.Nodes(defaultNodes())
	if err := errors.Join(err, wrong); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	code := testrun.Main(m, "-test", nodes, setUp)
	path, err := writeReport(scenarios)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	fmt.Println("report:", path)
	return code
}

// defaultNodes is how many nodes the cluster has where NODES does not say. A second worker shows
// little that one does not, and each node runs an agent of every release.
func defaultNodes() int {
	if Soak {
		return 3
	}
	return 2
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
	client, charts, err := environment.Install(ctx, log, c, small)
	if err != nil {
		return err
	}
	earlier, err := images.EarlierSPIRE()
	if err != nil {
		return err
	}
	for _, image := range earlier {
		if err := log.Step("image "+image.Name, func() error { return image.Ensure(ctx, c.Registry) }); err != nil {
			return err
		}
	}
	for _, image := range []images.Image{images.PostgreSQL, images.CSIDriver, images.KubeRouter, images.Registry} {
		if err := log.Step("image "+image.Name, func() error { return image.Build(ctx) }); err != nil {
			return err
		}
	}
	if err := log.Step("loading them into the cluster", func() error { return c.Load(ctx, append(earlier, images.CSIDriver, images.KubeRouter)) }); err != nil {
		return err
	}
	Env.Cluster, Env.Helm, Env.Kubeconfig = c, charts, kubeconfig
	Env.Release = release.Release{Client: client, Namespace: helm.Namespace, Name: helm.Name}
	if err := describe(ctx); err != nil {
		return err
	}
	// Terratest looks for helm as a user's shell does.
	return os.Setenv("PATH", filepath.Dir(charts.Program)+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// start returns the context of a scenario, which is bounded, and leaves artifacts if it fails.
func start(t *testing.T) context.Context {
	t.Helper()
	limit := patience
	if Soak {
		limit *= 2
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(func() {
		cancel()
		explain(t)
	})
	return ctx
}

// Afterwards removes what a test has made when the test ends, and leaves its artifacts first if it
// failed, while all is there.
func Afterwards(t *testing.T, remove func(context.Context)) {
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
		dir, err := artifacts.Collect(context.Background(), handle(t), Env.Cluster, Env.Release.Client, Env.Helm)
		t.Logf("artifacts: %s (%v)", dir, err)
	}
}

// Eventually waits until check returns no error, and fails the test with the last error if it never
// does.
func Eventually(ctx context.Context, t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	require.NoError(t, kube.Eventually(ctx, what, check))
}
