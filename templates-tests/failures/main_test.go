package failures_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/apiserver"
)

// server is the API server of all tests here. One of its nodes is not ready.
var server *apiserver.Server

var nodes = map[string]bool{"node-1": true, "node-2": true, "node-down": false}

// full is the folder of the chart.
var full = repo.Path("charts", "base")

// chart is the folder of a copy of the chart without its CRDs, its schema and its README, which helm
// would compress into its record of each revision, and read again for each revision of a release.
var chart string

// helmVersion is a version of Helm that the guides support.
type helmVersion struct {
	program  string
	rollBack string // the flag of an upgrade that takes itself back when it fails
	// waitSome is the flag that waits for as many pods of a DaemonSet as its update strategy wants
	// available. The flag --wait of Helm 4 waits for all of them.
	waitSome   string
	firstCut   int  // how many objects a switch may change before it is cut off for the first time
	serverSide bool // whether the API server merges, and not helm
}

// helms are by their versions: the oldest and the newest of Helm 3, and Helm 4, which applies
// objects on the server's side.
var helms = map[string]*helmVersion{
	"3.15": {rollBack: "--atomic", waitSome: "--wait"},
	"3.22": {rollBack: "--atomic", waitSome: "--wait", firstCut: 2},
	"4.3":  {rollBack: "--rollback-on-failure", waitSome: "--wait=legacy", serverSide: true, firstCut: 4},
}

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := setUp(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "setting up the API server:", err)
		return 1
	}
	_ = flag.Set("test.parallel", "10") // helm waits here for most of its time
	code := m.Run()
	cancel()
	server.Stop(code != 0)
	return code
}

func setUp(ctx context.Context) error {
	builds, buildCtx := errgroup.WithContext(ctx)
	builds.Go(func() (err error) {
		helms["3.22"].program, err = images.Helm(buildCtx)
		return err
	})
	for version, component := range map[string]components.Component{"3.15": components.OldestHelm, "4.3": components.Helm4} {
		builds.Go(func() error {
			dir, err := component.Build(buildCtx)
			helms[version].program = filepath.Join(dir, "helm")
			return err
		})
	}
	if err := builds.Wait(); err != nil {
		return err
	}
	var err error
	if server, err = apiserver.Start(ctx); err != nil {
		return err
	}
	chart = filepath.Join(server.Dir, "chart")
	if err := copyChart(chart); err != nil {
		return err
	}
	if err := server.RunWorkloads(ctx, nodes); err != nil {
		return err
	}
	_, err = helm{version: helms["3.22"]}.run(ctx, "install", "spire-crds", repo.Path("charts", "spire-crds"), "--namespace", "spire-crds", "--create-namespace")
	return err
}

func copyChart(dir string) error {
	if err := os.CopyFS(dir, os.DirFS(full)); err != nil {
		return err
	}
	for _, large := range []string{"crds", "values.schema.json", "README.md"} {
		if err := os.RemoveAll(filepath.Join(dir, large)); err != nil {
			return err
		}
	}
	return nil
}
