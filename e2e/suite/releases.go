package suite

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/internal/repo"
)

// Chart is the folder of the chart under test.
var Chart = repo.Path("charts", "base")

// small is the file of values for releases that share few processors with many others.
var small = repo.Path("e2e", "testdata", "small.yaml")

// Rolling is held while helm makes or changes a release. What comes up takes all processors for a
// while: with two at once on a small machine, whatever is under load meanwhile would see more of
// the machine than of the chart.
var Rolling sync.Mutex

// Install installs a release for one test, in a namespace of the same name, and removes both when
// the test ends. No container may restart during the installation. Examples are files in the folder
// values.
func Install(ctx context.Context, t *testing.T, name string, values map[string]string, examples ...string) release.Release {
	t.Helper()
	files := []string{repo.Path("values", "kind.yaml"), small}
	for _, example := range examples {
		files = append(files, repo.Path("values", example))
	}
	r := release.Release{Client: Env.Release.Client, Namespace: name, Name: name}
	Afterwards(t, func(ctx context.Context) {
		_, _ = Env.Helm.Run(ctx, "uninstall", name, "--namespace", name, "--ignore-not-found")
		_ = r.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{})
	})
	Rolling.Lock()
	defer Rolling.Unlock()
	o := options(name, "upgrade", "--create-namespace")
	o.ValuesFiles, o.SetValues = files, withDrains(values, Soak)
	helm.UpgradeContext(t, ctx, o, Chart, name)
	_, err := r.NoRestarts(ctx)
	require.NoError(t, err)
	return r
}

// Upgrade changes values of a release, as an operator does who keeps all others.
func Upgrade(ctx context.Context, t *testing.T, r release.Release, values map[string]string) {
	t.Helper()
	UpgradeTo(ctx, t, Chart, r, values)
}

// UpgradeTo changes the chart of a release too. One that is not there is installed.
func UpgradeTo(ctx context.Context, t *testing.T, chart string, r release.Release, values map[string]string) {
	t.Helper()
	Rolling.Lock()
	defer Rolling.Unlock()
	o := options(r.Namespace, "upgrade", "--reuse-values")
	o.SetValues = values
	helm.UpgradeContext(t, ctx, o, chart, r.Name)
}

// RollBack takes a release back to a revision, or to the one before where it is "".
func RollBack(ctx context.Context, t *testing.T, r release.Release, revision string) {
	t.Helper()
	Rolling.Lock()
	defer Rolling.Unlock()
	helm.RollbackContext(t, ctx, options(r.Namespace, "rollback"), r.Name, revision)
}

// Uninstall removes a release, and leaves its namespace.
func Uninstall(ctx context.Context, t *testing.T, r release.Release) {
	t.Helper()
	helm.DeleteContext(t, ctx, options(r.Namespace, "delete"), r.Name, true)
}

// options returns the options of a command of helm, with flags, in a namespace. The command waits
// until all is ready, or gone.
func options(namespace, command string, flags ...string) *helm.Options {
	return &helm.Options{
		KubectlOptions: k8s.NewKubectlOptions("", Env.Kubeconfig, namespace),
		Logger:         logger.Discard,
		ExtraArgs:      map[string][]string{command: append(flags, "--wait", "--timeout", "5m")},
	}
}

// Settle waits until all pods of the newest revision are ready, and those of earlier ones, which go
// on serving for a while, are gone.
func Settle(ctx context.Context, t *testing.T, r release.Release) {
	t.Helper()
	Eventually(ctx, t, "the old pods to go", func(ctx context.Context) error {
		// Until then, old pods may not be marked yet.
		if err := r.RolledOut(ctx, r.Namespace); err != nil {
			return err
		}
		pods, err := r.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, pod := range pods.Items {
			if pod.DeletionTimestamp != nil && !kube.OfSandbox(&pod) {
				return fmt.Errorf("%s is still there", pod.Name)
			}
		}
		return nil
	})
}

// Deploy applies manifests of something that is no release, until the test ends. Then these
// namespaces go, one after the other with all that is in them, and the other objects last.
func Deploy(ctx context.Context, t *testing.T, manifests string, namespaces ...string) {
	t.Helper()
	objects, err := kube.Decode(strings.NewReader(manifests))
	require.NoError(t, err)
	Afterwards(t, func(ctx context.Context) {
		for _, namespace := range namespaces {
			if err := Env.Release.DeleteNamespace(ctx, namespace); err != nil {
				t.Error(err) // what is left has to go all the same
			}
		}
		for _, object := range objects {
			_ = Env.Release.Objects.Delete(ctx, object)
		}
	})
	require.NoError(t, Env.Release.Apply(ctx, objects...))
}
