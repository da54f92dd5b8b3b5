package cluster

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
)

// clusterCIDR is kind's default for the addresses of pods.
const clusterCIDR = "10.244.0.0/16"

// patience bounds every wait for a node. It is never a measure: it is far above what a busy machine takes.
const patience = 5 * time.Minute

// Client returns a client of the cluster's API.
func (c *Cluster) Client() (*kubernetes.Clientset, error) {
	kubeconfig, err := c.Kubeconfig()
	if err != nil {
		return nil, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

// connectPods gives pods a network where the node image has none of kind's, and waits until every node is ready.
func (c *Cluster) connectPods(ctx context.Context, present []nodes.Node) error {
	client, err := c.Client()
	if err != nil {
		return err
	}
	if !c.Registry {
		var known []corev1.Node
		err := c.eventually(ctx, client, "have a range of pod addresses", func(listed []corev1.Node) bool {
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
	return c.eventually(ctx, client, "be ready", func(listed []corev1.Node) bool {
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

func (c *Cluster) eventually(ctx context.Context, client kubernetes.Interface, what string, holds func([]corev1.Node) bool) error {
	var last string
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			last = err.Error()
			return false, nil
		}
		last = fmt.Sprintf("%d of %d nodes known", len(list.Items), c.Nodes)
		return holds(list.Items), nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the nodes of %q to %s (last seen: %s): %w", c.Name, what, last, err)
	}
	return nil
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
