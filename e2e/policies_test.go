package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
)

var networkPolicies = suite.Scenario{
	Name:        "network-policies",
	Description: "NetworkPolicies close the ports of a release to other pods, and the release serves and restarts behind them.",
	Serial:      true,
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		enforcePolicies(ctx, t)
		r := suite.Install(ctx, t, "guarded", map[string]string{"spire.enabled": "true", "workloadmanager.drainSeconds": suite.DrainSeconds})
		clients := []*corev1.Pod{
			idle(ctx, t, metav1.ObjectMeta{Namespace: r.Namespace, Name: "other"}),
			idle(ctx, t, metav1.ObjectMeta{Namespace: namespace(ctx, t, "outside"), Name: "mimic", Labels: routerLabels(ctx, t, r)}),
		}
		ports := closedPorts(ctx, t, r)
		requirePorts(ctx, t, ports, clients, open)

		load := suite.UnderLoad(ctx, t, r)
		suite.Upgrade(ctx, t, r, map[string]string{"networkPolicies.enabled": "true", "networkPolicies.nodeCIDRs": "{" + strings.Join(nodeCIDRs(ctx, t), ",") + "}"})
		requirePorts(ctx, t, ports, clients, closed)
		load.RequireNoFailure(ctx, t)

		for _, app := range []string{"spire-server", "spire-agent", "workloadmanager", "agentcube-router"} {
			require.NoError(t, target(r, app).DeletePods(ctx, faults.AtOnce))
		}
		suite.Eventually(ctx, t, "the release to come up behind its policies", func(ctx context.Context) error { return suite.Healthy(ctx, r) })
		requireOwnIdentities(ctx, t, r, "cluster.local")
		_, err := r.AgentInvoked(ctx)
		require.NoError(t, err)
		requirePorts(ctx, t, ports, clients, closed)
	},
}

// enforcePolicies makes the cluster enforce NetworkPolicies until the test ends, unless its network
// does so anyway.
func enforcePolicies(ctx context.Context, t *testing.T) {
	t.Helper()
	if _, err := suite.Env.Release.AppsV1().DaemonSets(metav1.NamespaceSystem).Get(ctx, "kindnet", metav1.GetOptions{}); err == nil {
		return
	}
	const name = "kube-router"
	manifests, err := os.ReadFile("testdata/kube-router.yaml")
	require.NoError(t, err)
	// Its pods are deleted first, and open all ports again.
	suite.Deploy(ctx, t, string(manifests), name)
	suite.Eventually(ctx, t, "kube-router to run on each node", func(ctx context.Context) error { return suite.Env.Release.RolledOut(ctx, name) })
}

// idle starts a pod that does nothing by itself, under the Router's account or one of its name.
func idle(ctx context.Context, t *testing.T, meta metav1.ObjectMeta) *corev1.Pod {
	t.Helper()
	tools, err := images.Tools()
	require.NoError(t, err)
	pod, err := suite.Env.Release.RunPod(ctx, &corev1.Pod{ObjectMeta: meta, Spec: corev1.PodSpec{
		ServiceAccountName: "agentcube-router",
		Containers:         []corev1.Container{{Name: "idle", Image: tools, Command: []string{"sleep", "infinity"}}},
	}})
	require.NoError(t, err)
	return pod
}

// closedPorts returns the host and the port of each Service of a release that its policies close to
// unauthorized clients, by the Service's name.
func closedPorts(ctx context.Context, t *testing.T, r release.Release) map[string][]string {
	t.Helper()
	ports := map[string][]string{}
	for service, port := range map[string]string{"workloadmanager": "8443", r.Name + "-redis": "6379", "spire-server": "8081"} {
		found, err := r.CoreV1().Services(r.Namespace).Get(ctx, service, metav1.GetOptions{})
		require.NoError(t, err)
		ports[service] = []string{found.Spec.ClusterIP, port}
	}
	return ports
}

// Whether a pod can connect to a port.
const (
	open   = "open"
	closed = "closed"
)

// requirePorts waits until every one of the pods can connect to all ports, or to none of them.
func requirePorts(ctx context.Context, t *testing.T, ports map[string][]string, pods []*corev1.Pod, expected string) {
	t.Helper()
	const connect = `if nc -w 2 "$0" "$1" -e true 2>/dev/null; then echo open; else echo closed; fi`
	for _, pod := range pods {
		for name, address := range ports {
			suite.Eventually(ctx, t, name+" to be "+expected+" to "+pod.Name, func(ctx context.Context) error {
				found, err := suite.Env.Release.Exec(ctx, pod.Namespace, pod.Name, "idle", append([]string{"sh", "-c", connect}, address...)...)
				if err == nil && strings.TrimSpace(found) != expected {
					err = fmt.Errorf("%s is %s", strings.Join(address, ":"), strings.TrimSpace(found))
				}
				return err
			})
		}
	}
}

// nodeCIDRs returns the addresses of all nodes, as ranges.
func nodeCIDRs(ctx context.Context, t *testing.T) []string {
	t.Helper()
	var ranges []string
	for _, node := range nodes(ctx, t, "") {
		for _, address := range node.Status.Addresses {
			if address.Type == corev1.NodeInternalIP {
				ranges = append(ranges, address.Address+"/32")
			}
		}
	}
	return ranges
}
