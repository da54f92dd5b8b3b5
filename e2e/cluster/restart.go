package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kind/pkg/cluster/nodes"

	"agentcube-mtls/e2e/command"
	"agentcube-mtls/e2e/kube"
)

// restarted tells whether a node was started again since the cluster was last found sound, as after a restart of the machine.
func (c *Cluster) restarted(ctx context.Context, present []nodes.Node) (bool, error) {
	dir, err := c.dir()
	if err != nil {
		return false, err
	}
	found, err := os.Stat(filepath.Join(dir, sound))
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

// replacePods deletes the pods that their controllers make anew, and waits for these. After a restart of the nodes the API server tells
// of pods what held before it, and their containers count as restarted ones.
func (c *Cluster) replacePods(ctx context.Context) error {
	client, err := c.connect()
	if err != nil {
		return err
	}
	replaceable := func(ctx context.Context) ([]corev1.Pod, error) {
		list, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		var found []corev1.Pod
		for _, pod := range list.Items {
			// A node owns its static pods.
			if owner := metav1.GetControllerOf(&pod); owner != nil && owner.Kind != "Node" {
				found = append(found, pod)
			}
		}
		return found, nil
	}
	old, err := replaceable(ctx)
	if err != nil {
		return err
	}
	stale := map[string]bool{} // UIDs
	for _, pod := range old {
		stale[string(pod.UID)] = true
		if err := client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)}); err != nil {
			return err
		}
	}
	return kube.Eventually(ctx, "new pods in place of those before the restart", func(ctx context.Context) error {
		pods, err := replaceable(ctx)
		if err != nil {
			return err
		}
		for _, pod := range pods {
			if stale[string(pod.UID)] {
				return fmt.Errorf("%s/%s is still there", pod.Namespace, pod.Name)
			}
		}
		if len(pods) < len(old) {
			return fmt.Errorf("%d of %d are there", len(pods), len(old))
		}
		if unready := client.Unready(ctx, ""); len(unready) > 0 {
			return errors.New(strings.Join(unready, "; "))
		}
		return client.Whole(ctx, "")
	})
}
