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

// clusterCIDRs are kind's defaults for the addresses of pods.
const clusterCIDRs = "10.244.0.0/16 fd00:10:244::/56"

// ConnectPods gives pods their network again after the engine has started a node, which may have got
// another address. Kind's own network does so by itself.
func (c *Cluster) ConnectPods(ctx context.Context) error {
	present, err := c.nodes()
	if err != nil {
		return err
	}
	return c.connectPods(ctx, present)
}

// connectPods gives pods a network where the node image has none of kind's, and waits until every
// node is ready. The engine gives its containers other addresses at each start, so those that the
// API server knows from an earlier start do not count.
func (c *Cluster) connectPods(ctx context.Context, present []nodes.Node) error {
	client, err := c.connect()
	if err != nil {
		return err
	}
	addresses := map[string][]string{}
	for _, node := range present {
		ipv4, ipv6, err := node.IP()
		if err != nil {
			return fmt.Errorf("looking for the addresses of node %s: %w", node, err)
		}
		addresses[node.String()] = []string{ipv4, ipv6}
	}
	known, err := c.await(ctx, client, "tell their addresses and have a range for their pods", func(node corev1.Node) bool {
		stale := slices.ContainsFunc(internalIPs(node), func(address string) bool { return !slices.Contains(addresses[node.Name], address) })
		return !stale && len(node.Spec.PodCIDRs) > 0
	})
	if err != nil {
		return err
	}
	if found := familyOf(known[0].Spec.PodCIDRs); found != Family {
		return fmt.Errorf("the kind cluster %q has addresses of the family %s, and IP_FAMILY=%s was asked for: run `CLUSTER=%[1]s make down` first",
			c.Name, found, Family)
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
	var own, routes []string
	for _, node := range known {
		if node.Name == name {
			own = node.Spec.PodCIDRs
			continue
		}
		for _, pods := range node.Spec.PodCIDRs {
			for _, address := range internalIPs(node) {
				if strings.Contains(pods, ":") == strings.Contains(address, ":") {
					routes = append(routes, pods+"="+address)
				}
			}
		}
	}
	return fmt.Sprintf("POD_CIDRS=%q\nCLUSTER_CIDRS=%q\nROUTES=%q\n",
		strings.Join(own, " "), clusterCIDRs, strings.Join(routes, " "))
}

// await waits until a condition holds for every node, and returns the nodes.
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

func internalIPs(node corev1.Node) []string {
	var addresses []string
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			addresses = append(addresses, address.Address)
		}
	}
	return addresses
}
