package cluster

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kind/pkg/cluster/nodes"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/internal/command"
)

// restarted tells whether a node was started again since the cluster was last found sound, as after
// a restart of the machine.
func (c *Cluster) restarted(ctx context.Context, present []nodes.Node) (bool, error) {
	file, err := c.soundFile()
	if err != nil {
		return false, err
	}
	found, err := os.Stat(file)
	if err != nil {
		return false, err
	}
	for _, node := range present {
		output, err := command.New("docker", "inspect", "--format", "{{.State.StartedAt}}", node.String()).Output(ctx)
		if err != nil {
			return false, err
		}
		started, err := time.Parse(time.RFC3339Nano, output)
		if err != nil {
			return false, fmt.Errorf("reading when node %s was started: %w", node, err)
		}
		if started.After(found.ModTime()) {
			return true, nil
		}
	}
	return false, nil
}

// replacePods deletes the pods that their controllers re-create, and waits for these. After a
// restart of the nodes the API server reports the pods as they were before it, and their containers
// count as restarted.
func (c *Cluster) replacePods(ctx context.Context) error {
	client, err := c.connect()
	if err != nil {
		return err
	}
	// The other pods reach nothing until the cluster's network and DNS work.
	for _, group := range []struct{ selector, readyIn string }{
		{"metadata.namespace=kube-system", metav1.NamespaceSystem},
		{"metadata.namespace!=kube-system", metav1.NamespaceAll},
	} {
		// Pods that have ended need no successor.
		running := metav1.ListOptions{FieldSelector: group.selector + ",status.phase!=Succeeded,status.phase!=Failed"}
		replaceable := func(ctx context.Context) ([]corev1.Pod, error) {
			list, err := client.CoreV1().Pods("").List(ctx, running)
			if err != nil {
				return nil, err
			}
			return slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool {
				owner := metav1.GetControllerOf(&pod)
				return owner == nil || owner.Kind == "Node" // a node owns its static pods
			}), nil
		}
		old, err := replaceable(ctx)
		if err != nil {
			return err
		}
		if err := client.Replace(ctx, old, metav1.DeleteOptions{GracePeriodSeconds: new(int64)}, replaceable); err != nil {
			return err
		}
		err = kube.Eventually(ctx, "the new pods to be ready", func(ctx context.Context) error {
			return client.RolledOut(ctx, group.readyIn)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
