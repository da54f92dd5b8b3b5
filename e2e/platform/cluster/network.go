package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"

	"agentcube-mtls/e2e/kube"
)

// clusterCIDR is kind's default for the addresses of pods.
const clusterCIDR = "10.244.0.0/16"

// connectPods gives pods a network where the node image has none of kind's, and waits until every
// node is ready. The engine gives its containers other addresses at each start: what an earlier
// start has told of a node does not count.
func (c *Cluster) connectPods(ctx context.Context, present []nodes.Node) error {
	client, err := c.connect()
	if err != nil {
		return err
	}
	addresses := map[string]string{}
	for _, node := range present {
		if addresses[node.String()], _, err = node.IP(); err != nil {
			return fmt.Errorf("looking for the address of node %s: %w", node, err)
		}
	}
	known, err := c.await(ctx, client, "tell their addresses and have a range for their pods", func(node corev1.Node) bool {
		return internalIP(node) == addresses[node.Name] && node.Spec.PodCIDR != ""
	})
	if err != nil {
		return err
	}
	if !c.Registry {
		for _, node := range present {
			if err := nodeutils.WriteFile(node, "/etc/pod-network", podNetwork(node.String(), known)); err != nil {
				return fmt.Errorf("writing the pod network of node %s: %w", node, err)
			}
			if err := node.CommandContext(ctx, "pod-network").Run(); err != nil {
				return fmt.Errorf("starting the pod network of node %s: %w", node, err)
			}
		}
	}
	_, err = c.await(ctx, client, "be ready", func(node corev1.Node) bool { return kube.NodeReady(&node) })
	return err
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
		routes = append(routes, node.Spec.PodCIDR+"="+internalIP(node))
	}
	return fmt.Sprintf("POD_CIDR=%s\nCLUSTER_CIDR=%s\nROUTES=\"%s\"\n", own, clusterCIDR, strings.Join(routes, " "))
}

// await waits until what the API server tells of every node holds, and returns the nodes.
func (c *Cluster) await(ctx context.Context, client *kube.Client, what string, holds func(corev1.Node) bool) ([]corev1.Node, error) {
	var found []corev1.Node
	err := kube.Eventually(ctx, fmt.Sprintf("the nodes of %q to %s", c.Name, what), func(ctx context.Context) error {
		list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		found = slices.DeleteFunc(list.Items, func(node corev1.Node) bool { return !holds(node) })
		if len(found) < c.Nodes {
			return fmt.Errorf("so far %d of %d do", len(found), c.Nodes)
		}
		return nil
	})
	return found, err
}

func internalIP(node corev1.Node) string {
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return address.Address
		}
	}
	return ""
}
