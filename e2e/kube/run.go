package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RunPod creates a pod, waits until it runs, and returns it as it is then.
func (c *Client) RunPod(ctx context.Context, pod *corev1.Pod) (*corev1.Pod, error) {
	pods := c.CoreV1().Pods(pod.Namespace)
	err := Eventually(ctx, "the pod "+pod.Name+" to run", func(ctx context.Context) error {
		// A new namespace rejects pods until its default account exists.
		_, err := pods.Create(ctx, pod, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
		current, err := pods.Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if current.Status.Phase != corev1.PodRunning {
			return fmt.Errorf("it is %s", current.Status.Phase)
		}
		pod = current
		return nil
	})
	return pod, err
}
