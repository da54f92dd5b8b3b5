package cluster

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"

	"agentcube-mtls/e2e/kube"
)

// clusterCIDR is kind's default for the addresses of pods.
const clusterCIDR = "10.244.0.0/16"

// connectPods gives pods a network where the node image has none of kind's, and waits until every node is ready.
func (c *Cluster) connectPods(ctx context.Context, present []nodes.Node) error {
	kubeconfig, err := c.Kubeconfig()
	if err != nil {
		return err
	}
	client, err := kube.Connect(kubeconfig)
	if err != nil {
		return err
	}
	if !c.Registry {
		var known []corev1.Node
		err := c.await(ctx, client, "have a range of pod addresses", func(listed []corev1.Node) bool {
			known = listed
			return len(listed) == c.Nodes && all(listed, func(n corev1.Node) bool { return n.Spec.PodCIDR != "" })
		})
		if err != nil {
			return err
		}
		for _, node := range present {
			if err := nodeutils.WriteFile(node, "/etc/pod-network", podNetwork(node.String(), known)); err != nil {
				return fmt.Errorf("writing the pod network of node %s: %w", node, err)
			}
			if err := node.CommandContext(ctx, "pod-network").Run(); err != nil {
				return fmt.Errorf("starting the pod network of node %s: %w", node, err)
			}
		}
	}
	return c.await(ctx, client, "be ready", func(listed []corev1.Node) bool {
		return len(listed) == c.Nodes && all(listed, ready)
	})
}

// podNetwork returns the settings of the service pod-network on one node.
func podNetwork(name string, known []corev1.Node) string {
	var own string
	var routes []string
	for _, node := range known {
		if node.Name == name {
			own = node.Spec.PodCIDR
			continue
		}
		for _, address := range node.Status.Addresses {
			if address.Type == corev1.NodeInternalIP {
				routes = append(routes, node.Spec.PodCIDR+"="+address.Address)
			}
		}
	}
	return fmt.Sprintf("POD_CIDR=%s\nCLUSTER_CIDR=%s\nROUTES=\"%s\"\n", own, clusterCIDR, strings.Join(routes, " "))
}

// await waits until what the API server tells of the nodes holds.
func (c *Cluster) await(ctx context.Context, client *kube.Client, what string, holds func([]corev1.Node) bool) error {
	return kube.Eventually(ctx, fmt.Sprintf("the nodes of %q to %s", c.Name, what), func(ctx context.Context) error {
		list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err == nil && !holds(list.Items) {
			err = fmt.Errorf("%d of %d nodes known", len(list.Items), c.Nodes)
		}
		return err
	})
}

func ready(node corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func all(list []corev1.Node, holds func(corev1.Node) bool) bool {
	for _, node := range list {
		if !holds(node) {
			return false
		}
	}
	return true
}
