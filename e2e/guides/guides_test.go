package guides

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"agentcube-mtls/e2e/artifacts"
	"agentcube-mtls/e2e/environment/published"
	"agentcube-mtls/e2e/environment/testrun"
	"agentcube-mtls/e2e/helm"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/platform/cluster"
	"agentcube-mtls/e2e/progress"
	"agentcube-mtls/internal/guide"
	"agentcube-mtls/internal/repo"
)

// order is the order in which a newcomer reads the guides. Of those not named here,
// templates-tests/gitops follows one, and the others have nothing to follow.
var order = []string{"README.md", "docs/getting-started.md", "docs/tutorials/internal-auth-spire.md", "docs/upgrading.md", "docs/operations.md"}

// official is what guides call the cluster; the tests have one of their own, so that they leave a
// user's alone.
const official = "agentcube"

// suite is the cluster that all guides are followed on.
var suite struct {
	cluster    *cluster.Cluster
	ctx        context.Context // ends when the run is interrupted, and the guides' shells with it
	client     *kube.Client
	helm       *helm.Client
	kubeconfig string
	name       string
}

func TestMain(m *testing.M) { os.Exit(main(m)) }

// main is TestMain's body. Unlike the scenarios' cluster, that of the guides always runs published
// images, as for most users: if no registry can be reached, one on this machine plays them.
func main(m *testing.M) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	stopPlaying, err := published.Play(ctx, progress.To(os.Stdout))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	defer func() {
		if err := stopPlaying(); err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
		}
	}()
	return testrun.Main(m, "-guides", 1, setUp)
}

func setUp(ctx context.Context, log *progress.Log, c *cluster.Cluster) (err error) {
	suite.ctx, suite.name, suite.cluster = ctx, c.Name, c
	if suite.kubeconfig, err = c.Kubeconfig(); err != nil {
		return err
	}
	if suite.client, err = kube.Connect(suite.kubeconfig); err != nil {
		return err
	}
	// The first guide does this by itself; with it here, each of them can be followed alone.
	if err := log.Step("installing agent-sandbox", func() error { return helm.InstallAgentSandbox(ctx, suite.client) }); err != nil {
		return err
	}
	if suite.helm, err = helm.New(ctx, suite.kubeconfig); err != nil {
		return err
	}
	return log.Step("removing what an earlier run has left", func() error { return empty(ctx) })
}

// empty removes the release, its namespace and all custom resources: the first guide begins with
// nothing.
func empty(ctx context.Context) error {
	_, err := suite.helm.Run(ctx, "uninstall", helm.Name, "spire-crds", "--namespace", helm.Namespace, "--ignore-not-found", "--wait")
	if err != nil {
		return err
	}
	if err := emptyKinds(ctx); err != nil {
		return err
	}
	return suite.client.DeleteNamespace(ctx, helm.Namespace)
}

//nolint:paralleltest // each guide continues on the cluster as the one before it has left it
func TestGuides(t *testing.T) {
	// The clients of make up come first, because other versions may print something else.
	path := filepath.Dir(suite.helm.Program) + string(os.PathListSeparator) + os.Getenv("PATH")
	for _, file := range order {
		t.Run(file, func(t *testing.T) {
			runner := guide.Runner{
				Dir:    repo.Path(),
				Env:    []string{"PATH=" + path, "KUBECONFIG=" + suite.kubeconfig, "CLUSTER=" + suite.name},
				Rename: []string{suite.name, official},
				Log:    t.Logf,
			}
			require.NoError(t, follow(suite.ctx, runner, file))
		})
	}
}

// emptyKinds removes the kinds that the charts bring, with all objects of them.
func emptyKinds(ctx context.Context) error {
	for _, name := range []string{
		"agentruntimes.runtime.agentcube.volcano.sh", "codeinterpreters.runtime.agentcube.volcano.sh",
		"clusterspiffeids.spire.spiffe.io", "clusterstaticentries.spire.spiffe.io", "clusterfederatedtrustdomains.spire.spiffe.io",
	} {
		kind := &unstructured.Unstructured{}
		kind.SetAPIVersion("apiextensions.k8s.io/v1")
		kind.SetKind("CustomResourceDefinition")
		kind.SetName(name)
		if err := suite.client.Objects.Delete(ctx, kind); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// follow follows a guide, or, with UPDATE=1, writes into it what it printed. If the guide does not
// hold, it collects artifacts.
func follow(ctx context.Context, runner guide.Runner, file string) error {
	g, err := guide.Read(repo.Path(file), file)
	if err != nil {
		return err
	}
	if os.Getenv("UPDATE") != "" {
		recorded, err := runner.Record(ctx, g)
		return errors.Join(err, os.WriteFile(repo.Path(file), recorded, 0o644))
	}
	if err := runner.Follow(ctx, g); err != nil {
		dir, collecting := artifacts.Collect(context.WithoutCancel(ctx), file, suite.cluster, suite.client, suite.helm)
		return errors.Join(err, fmt.Errorf("artifacts: %s", dir), collecting)
	}
	return nil
}
