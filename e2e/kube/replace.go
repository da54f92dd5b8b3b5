package kube

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Replace deletes pods, and returns once they have gone and as many others have taken their places
// among those that list returns.
func (c *Client) Replace(ctx context.Context, pods []corev1.Pod, how metav1.DeleteOptions, list func(context.Context) ([]corev1.Pod, error)) error {
	before, err := list(ctx)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		if err := c.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, how); err != nil {
			return err
		}
	}
	return Eventually(ctx, fmt.Sprintf("%d pods to be replaced", len(pods)), func(ctx context.Context) error {
		now, err := list(ctx)
		if err != nil {
			return err
		}
		for _, old := range pods {
			if has(now, old) {
				return fmt.Errorf("%s/%s is still there", old.Namespace, old.Name)
			}
		}
		fresh := slices.DeleteFunc(now, func(p corev1.Pod) bool { return has(before, p) })
		if len(fresh) < len(pods) {
			return fmt.Errorf("there are %d new ones", len(fresh))
		}
		return nil
	})
}

// has tells whether a pod, and not only one of its name, is among others.
func has(pods []corev1.Pod, pod corev1.Pod) bool {
	return slices.ContainsFunc(pods, func(p corev1.Pod) bool { return p.UID == pod.UID })
}
