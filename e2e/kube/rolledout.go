package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RolledOut returns an error that names every workload of a namespace whose pods are not all
// present, up to date and ready. It also checks the pods, because a workload's status lags behind
// them. Sandboxes come and go with requests, and do not count.
func (c *Client) RolledOut(ctx context.Context, namespace string) error {
	var missing []error
	check := func(kind string, meta metav1.ObjectMeta, observed int64, want int32, have ...int32) {
		for _, number := range have {
			if observed < meta.Generation || number != want {
				missing = append(missing, fmt.Errorf("%s %s: %d pods are wanted, there are (updated, ready, in all) %d", kind, meta.Name, want, have))
				return
			}
		}
	}
	deployments, err := c.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, d := range deployments.Items {
		check("Deployment", d.ObjectMeta, d.Status.ObservedGeneration, *d.Spec.Replicas, d.Status.UpdatedReplicas, d.Status.AvailableReplicas, d.Status.Replicas)
	}
	sets, err := c.AppsV1().StatefulSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, s := range sets.Items {
		check("StatefulSet", s.ObjectMeta, s.Status.ObservedGeneration, *s.Spec.Replicas, s.Status.UpdatedReplicas, s.Status.AvailableReplicas, s.Status.Replicas)
	}
	daemons, err := c.AppsV1().DaemonSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, d := range daemons.Items {
		check("DaemonSet", d.ObjectMeta, d.Status.ObservedGeneration, d.Status.DesiredNumberScheduled, d.Status.UpdatedNumberScheduled, d.Status.NumberAvailable, d.Status.CurrentNumberScheduled)
	}
	pods, err := c.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, pod := range pods.Items {
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if !ended && pod.DeletionTimestamp == nil && !Ready(&pod) && !OfSandbox(&pod) {
			missing = append(missing, errors.New(strings.Join(append([]string{"Pod " + pod.Name + ": not ready"}, waits(&pod)...), "; ")))
		}
	}
	return errors.Join(missing...)
}

// OfSandbox tells whether a pod is the sandbox of a session.
func OfSandbox(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.Kind == "Sandbox"
}

// Ready tells whether a pod is ready, all of its containers included.
func Ready(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// NodeReady tells whether a node is ready.
func NodeReady(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}
