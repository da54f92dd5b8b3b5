package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/client-go/util/retry"
)

// RunBeside runs a program in an ephemeral container of a running pod, see StartBeside, and returns
// what the program printed.
func (c *Client) RunBeside(ctx context.Context, namespace, name, container, image string, args ...string) (string, error) {
	guest, err := c.StartBeside(ctx, namespace, name, container, image, args...)
	if err != nil {
		return "", err
	}
	var exit int32
	err = Eventually(ctx, fmt.Sprintf("the probe in pod %s/%s to end", namespace, name), func(ctx context.Context) error {
		current, err := c.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, status := range current.Status.EphemeralContainerStatuses {
			if status.Name != guest {
				continue
			}
			if status.State.Terminated == nil {
				return fmt.Errorf("its state is %+v", status.State)
			}
			exit = status.State.Terminated.ExitCode
			return nil
		}
		return fmt.Errorf("it has not been started")
	})
	if err != nil {
		return "", err
	}
	output, err := c.Logs(ctx, namespace, name, guest)
	if err == nil && exit != 0 {
		err = fmt.Errorf("the probe in pod %s/%s failed: %s", namespace, name, output)
	}
	return output, err
}

// StartBeside starts a program in an ephemeral container of a running pod, with the volumes of one
// of its containers mounted where that container has them, and returns the new container's name.
// The pod's own containers are not touched.
func (c *Client) StartBeside(ctx context.Context, namespace, name, container, image string, args ...string) (string, error) {
	pods := c.CoreV1().Pods(namespace)
	guest := corev1.EphemeralContainer{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
		Name:            "probe-" + rand.String(5),
		Image:           image,
		ImagePullPolicy: corev1.PullIfNotPresent,
		Args:            args,
	}}
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		pod, err := pods.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, host := range pod.Spec.Containers {
			if host.Name == container {
				guest.VolumeMounts = host.VolumeMounts
				guest.SecurityContext = host.SecurityContext
			}
		}
		pod.Spec.EphemeralContainers = append(pod.Spec.EphemeralContainers, guest)
		_, err = pods.UpdateEphemeralContainers(ctx, name, pod, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("starting a probe in pod %s/%s: %w", namespace, name, err)
	}
	return guest.Name, nil
}
