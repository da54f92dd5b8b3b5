package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Restart replaces the pods of the Deployments, StatefulSets and DaemonSets that some pods belong
// to, as `kubectl rollout restart` does. Pods of anything else stay.
func (c *Client) Restart(ctx context.Context, pods []corev1.Pod) error {
	patch := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`, time.Now().Format(time.RFC3339))
	restarted := map[types.UID]bool{}
	for _, pod := range pods {
		owner, err := c.workload(ctx, &pod)
		if err != nil {
			return err
		}
		if owner == nil || restarted[owner.UID] {
			continue
		}
		restarted[owner.UID] = true
		workload := &unstructured.Unstructured{}
		workload.SetGroupVersionKind(schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind))
		workload.SetNamespace(pod.Namespace)
		workload.SetName(owner.Name)
		if err := c.Objects.Patch(ctx, workload, client.RawPatch(types.MergePatchType, patch)); err != nil {
			return fmt.Errorf("restarting %s %s: %w", owner.Kind, owner.Name, err)
		}
	}
	return nil
}

// workload returns the Deployment, StatefulSet or DaemonSet that a pod belongs to, or nil.
func (c *Client) workload(ctx context.Context, pod *corev1.Pod) (*metav1.OwnerReference, error) {
	owner := metav1.GetControllerOf(pod)
	if owner == nil {
		return nil, nil
	}
	switch owner.Kind {
	case "StatefulSet", "DaemonSet":
		return owner, nil
	case "ReplicaSet":
		set, err := c.AppsV1().ReplicaSets(pod.Namespace).Get(ctx, owner.Name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return metav1.GetControllerOf(set), nil
	}
	return nil, nil
}
