package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/images"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/verify"
)

// TestNetworkPoliciesLetNobodyElseKnock has pods of no concern connect to a release, before its policies are there and after that.
// The release goes on all the while, and comes up anew behind its policies.
func TestNetworkPoliciesLetNobodyElseKnock(t *testing.T) {
	ctx := startAlone(t)
	enforcePolicies(ctx, t)
	r := install(t, "guarded", map[string]string{"spire.enabled": "true", "workloadmanager.drainSeconds": drainSeconds})
	strangers := []*corev1.Pod{
		idle(ctx, t, metav1.ObjectMeta{Namespace: r.Namespace, Name: "stranger"}),
		idle(ctx, t, metav1.ObjectMeta{Namespace: namespace(ctx, t, "outside", "agentcube-router"), Name: "mimic", Labels: routerLabels(ctx, t, r)}),
	}
	doors := doorsOf(ctx, t, r)
	for _, pod := range strangers {
		for name, door := range doors {
			require.NoError(t, knock(ctx, pod, door), "%s reaches %s while there are no policies", pod.Name, name)
		}
	}

	load := underLoad(ctx, t, r)
	upgrade(t, r, map[string]string{"networkPolicies.enabled": "true", "networkPolicies.nodeCIDRs": "{" + strings.Join(nodeCIDRs(ctx, t), ",") + "}"})
	for _, pod := range strangers {
		for name, door := range doors {
			eventually(ctx, t, name+" to be closed to "+pod.Name, func(ctx context.Context) error {
				if knock(ctx, pod, door) == nil {
					return fmt.Errorf("%s is open", door)
				}
				return nil
			})
		}
	}
	load.requireNoFailure(ctx, t)

	for _, app := range []string{"spire-server", "spire-agent", "workloadmanager", "agentcube-router"} {
		require.NoError(t, target(r, app).DeletePods(ctx, faults.AtOnce))
	}
	eventually(ctx, t, "the release to come up behind its policies", func(ctx context.Context) error { return healthy(ctx, r) })
	requireOwnIdentities(ctx, t, r, "cluster.local")
	_, err := r.AgentInvoked(ctx)
	assert.NoError(t, err)
}

// enforcePolicies has the cluster enforce NetworkPolicies until the test ends.
func enforcePolicies(ctx context.Context, t *testing.T) {
	t.Helper()
	const name = "kube-router"
	manifests, err := os.Open("testdata/kube-router.yaml")
	require.NoError(t, err)
	objects, err := kube.Decode(manifests)
	require.NoError(t, err)
	require.NoError(t, manifests.Close())
	afterwards(t, func(ctx context.Context) {
		// Its pods first, which open all doors again before they go.
		_ = suite.release.DeleteNamespace(ctx, name)
		for _, object := range objects {
			_ = suite.release.Objects.Delete(ctx, object)
		}
	})
	require.NoError(t, suite.release.Apply(ctx, objects...))
	eventually(ctx, t, "policies to be enforced on each node", func(ctx context.Context) error { return suite.release.Whole(ctx, name) })
}

// idle starts a pod that does nothing by itself, under the Router's account or one of its name.
func idle(ctx context.Context, t *testing.T, meta metav1.ObjectMeta) *corev1.Pod {
	t.Helper()
	pods := suite.release.CoreV1().Pods(meta.Namespace)
	pod, err := pods.Create(ctx, &corev1.Pod{ObjectMeta: meta, Spec: corev1.PodSpec{
		ServiceAccountName: "agentcube-router",
		Containers:         []corev1.Container{{Name: "idle", Image: images.Tools, Command: []string{"sleep", "infinity"}}},
	}}, metav1.CreateOptions{})
	require.NoError(t, err)
	eventually(ctx, t, meta.Name+" to run", func(ctx context.Context) error {
		current, err := pods.Get(ctx, meta.Name, metav1.GetOptions{})
		if err == nil && current.Status.Phase != corev1.PodRunning {
			err = fmt.Errorf("it is %s", current.Status.Phase)
		}
		return err
	})
	return pod
}

// doorsOf returns the addresses of a release that its policies close to strangers, by the names of their Services.
func doorsOf(ctx context.Context, t *testing.T, r verify.Release) map[string][]string {
	t.Helper()
	doors := map[string][]string{}
	for service, port := range map[string]string{"workloadmanager": "8443", r.Name + "-redis": "6379", "spire-server": "8081"} {
		found, err := r.CoreV1().Services(r.Namespace).Get(ctx, service, metav1.GetOptions{})
		require.NoError(t, err)
		doors[service] = []string{found.Spec.ClusterIP, port}
	}
	return doors
}

// knock connects from a pod, and returns an error where nobody lets it.
func knock(ctx context.Context, pod *corev1.Pod, door []string) error {
	_, err := suite.release.Exec(ctx, pod.Namespace, pod.Name, "idle", "nc", "-w", "2", door[0], door[1], "-e", "true")
	return err
}

// nodeCIDRs returns the addresses of all nodes, as ranges.
func nodeCIDRs(ctx context.Context, t *testing.T) []string {
	t.Helper()
	nodes, err := suite.release.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	var ranges []string
	for _, node := range nodes.Items {
		for _, address := range node.Status.Addresses {
			if address.Type == corev1.NodeInternalIP {
				ranges = append(ranges, address.Address+"/32")
			}
		}
	}
	return ranges
}
