package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/internal/repo"
)

// chart is the folder of the chart under test.
var chart = repo.Path("charts", "base")

// drainSeconds is what WorkloadManagers need in a release that stays in one mode. Only those that change it wait for Routers of the
// other one, by default for longer than a test should take.
const drainSeconds = "20"

// rolling is held while helm makes or changes a release. What comes up takes all processors for a while: with two at once on a small
// machine, whatever is under load meanwhile would see more of the machine than of the chart.
var rolling sync.Mutex

// install installs a release of its own for one test, in a namespace of the same name, and removes both when the test ends. No
// container may restart while things come up. Examples are files in the folder values.
func install(t *testing.T, name string, values map[string]string, examples ...string) release.Release {
	t.Helper()
	files := []string{repo.Path("values", "kind.yaml"), repo.Path("e2e", "testdata", "small.yaml")}
	for _, example := range examples {
		files = append(files, repo.Path("values", example))
	}
	r := release.Release{Client: suite.release.Client, Namespace: name, Name: name}
	afterwards(t, func(ctx context.Context) {
		_, _ = suite.helm.Run(ctx, "uninstall", name, "--namespace", name, "--ignore-not-found")
		_ = r.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{})
	})
	rolling.Lock()
	defer rolling.Unlock()
	helm.Upgrade(t, &helm.Options{
		KubectlOptions: k8s.NewKubectlOptions("", suite.kubeconfig, name),
		ValuesFiles:    files,
		SetValues:      values,
		ExtraArgs:      map[string][]string{"upgrade": {"--install", "--create-namespace", "--wait", "--timeout", "5m"}},
	}, chart, name)
	_, err := r.NoRestarts(t.Context())
	require.NoError(t, err)
	return r
}

// upgrade changes values of a release, as an operator does who keeps all others.
func upgrade(t *testing.T, r release.Release, values map[string]string) {
	t.Helper()
	upgradeTo(t, chart, r, values)
}

// upgradeTo changes the chart of a release too.
func upgradeTo(t *testing.T, chart string, r release.Release, values map[string]string) {
	t.Helper()
	rolling.Lock()
	defer rolling.Unlock()
	helm.Upgrade(t, &helm.Options{
		KubectlOptions: k8s.NewKubectlOptions("", suite.kubeconfig, r.Namespace),
		SetValues:      values,
		ExtraArgs:      map[string][]string{"upgrade": {"--reuse-values", "--wait", "--timeout", "5m"}},
	}, chart, r.Name)
}

// rollBack takes a release back to a revision, or to the one before where none is named.
func rollBack(ctx context.Context, t *testing.T, r release.Release, revision ...string) {
	t.Helper()
	rolling.Lock()
	defer rolling.Unlock()
	args := append([]string{"rollback", r.Name}, revision...)
	_, err := suite.helm.Run(ctx, append(args, "--namespace", r.Namespace, "--wait", "--timeout", "5m")...)
	require.NoError(t, err)
}

// settle waits until all pods of the newest revision are ready, and those of earlier ones, which go on serving for a while, are gone.
func settle(ctx context.Context, t *testing.T, r release.Release) {
	t.Helper()
	eventually(ctx, t, "the old pods to go", func(ctx context.Context) error {
		// Until then, old pods may not be marked yet.
		if err := r.Whole(ctx, r.Namespace); err != nil {
			return err
		}
		pods, err := r.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, pod := range pods.Items {
			if pod.DeletionTimestamp != nil {
				return fmt.Errorf("%s is still there", pod.Name)
			}
		}
		return nil
	})
}

// deploy applies manifests of something that is no release, until the test ends. Then these namespaces go, one after the other with all
// that is in them, and the other objects last.
func deploy(ctx context.Context, t *testing.T, manifests string, namespaces ...string) {
	t.Helper()
	objects, err := kube.Decode(strings.NewReader(manifests))
	require.NoError(t, err)
	afterwards(t, func(ctx context.Context) {
		for _, namespace := range namespaces {
			assert.NoError(t, suite.release.DeleteNamespace(ctx, namespace))
		}
		for _, object := range objects {
			_ = suite.release.Objects.Delete(ctx, object)
		}
	})
	require.NoError(t, suite.release.Apply(ctx, objects...))
}
