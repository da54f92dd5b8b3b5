package faults

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/platform/cluster"
	"agentcube-mtls/internal/command"
)

// onNode runs a program on a node, which to the container engine is a container of that name.
func onNode(ctx context.Context, node string, args ...string) error {
	return command.New(append([]string{"docker", "exec", node}, args...)...).Run(ctx)
}

// KillContainer kills the processes of a container in every pod of the component, and returns once
// they were started again.
func (t Target) KillContainer(ctx context.Context, container string) error {
	pods, err := t.pods(ctx)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		before, err := status(&pod, container)
		if err != nil {
			return err
		}
		id := strings.TrimPrefix(before.ContainerID, "containerd://")
		if err := onNode(ctx, pod.Spec.NodeName, "ctr", "--namespace", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", id); err != nil {
			return fmt.Errorf("killing %s/%s: %w", pod.Name, container, err)
		}
		err = kube.Eventually(ctx, fmt.Sprintf("%s/%s to run again", pod.Name, container), func(ctx context.Context) error {
			current, err := t.CoreV1().Pods(t.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			now, err := status(current, container)
			if err == nil && (now.RestartCount == before.RestartCount || !now.Ready) {
				err = fmt.Errorf("%d restarts, ready: %t", now.RestartCount, now.Ready)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func status(pod *corev1.Pod, container string) (corev1.ContainerStatus, error) {
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if status.Name == container {
			return status, nil
		}
	}
	return corev1.ContainerStatus{}, fmt.Errorf("pod %s has no container %s", pod.Name, container)
}

// Overwrite puts text into a file of an emptyDir volume in every pod of the component, past
// everything that runs in the pod.
func (t Target) Overwrite(ctx context.Context, volume, file, text string) error {
	pods, err := t.pods(ctx)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		where := path.Join("/var/lib/kubelet/pods", string(pod.UID), "volumes/kubernetes.io~empty-dir", volume, file)
		// Open the file without O_CREAT: in a directory that all may write to, Linux does not let
		// even root open another user's file with it. The owner stays the same.
		if err := onNode(ctx, pod.Spec.NodeName, "sh", "-c", `printf %s "$1" | dd status=none conv=nocreat of="$0"`, where, text); err != nil {
			return fmt.Errorf("overwriting %s in the volume %s of %s: %w", file, volume, pod.Name, err)
		}
	}
	return nil
}

// Unnoticed is how long after a node has gone Routers may still send their calls to a WorkloadManager
// that ran there: nobody ends their HTTP/2 connection, which is pinged after 30 s of silence, with
// 15 s to answer. The rest is for the node to go.
const Unnoticed = time.Minute

// RestartNode switches a node off and on again, and returns once all containers that a namespace
// has there were started again.
func RestartNode(ctx context.Context, c *cluster.Cluster, client *kube.Client, namespace, node string) error {
	began := time.Now().Truncate(time.Second) // Kubernetes tells to the second when a container was started
	if err := command.New("docker", "restart", "--time", "5", node).Run(ctx); err != nil {
		return err
	}
	if err := c.ConnectPods(ctx); err != nil {
		return err
	}
	return kube.Eventually(ctx, "the containers on "+node+" to be started again", func(ctx context.Context) error {
		pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
		if err != nil {
			return err
		}
		for _, pod := range pods.Items {
			for _, status := range pod.Status.ContainerStatuses {
				if running := status.State.Running; running == nil || running.StartedAt.Time.Before(began) {
					return fmt.Errorf("%s/%s: %+v", pod.Name, status.Name, status.State)
				}
			}
		}
		return nil
	})
}

// The API server is a static pod: the kubelet runs it while its manifest is here.
const (
	manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml"
	aside    = "/etc/kubernetes/kube-apiserver.yaml"
)

// StopAPIServer stops the API server of a control-plane node, and returns once it has ended.
func StopAPIServer(ctx context.Context, client *kube.Client, node string) error {
	if err := onNode(ctx, node, "mv", manifest, aside); err != nil {
		return err
	}
	return kube.Eventually(ctx, "the API server to go", func(ctx context.Context) error {
		if ready(ctx, client) == nil {
			return errors.New("it still answers")
		}
		return nil
	})
}

// StartAPIServer starts it again, unless it runs, and returns once it answers.
func StartAPIServer(ctx context.Context, client *kube.Client, node string) error {
	if err := onNode(ctx, node, "sh", "-c", `test ! -e "$0" || mv "$0" "$1"`, aside, manifest); err != nil {
		return err
	}
	return kube.Eventually(ctx, "the API server to answer", func(ctx context.Context) error { return ready(ctx, client) })
}

// ready asks the API server whether it is ready, with its own timeout, because an old connection
// may get no answer.
func ready(ctx context.Context, client *kube.Client) error {
	return client.Discovery().RESTClient().Get().AbsPath("/readyz").Timeout(10 * time.Second).Do(ctx).Error()
}

// Suspend stops all processes of a node for a time, and then continues them.
func Suspend(ctx context.Context, node string, length time.Duration) error {
	if err := command.New("docker", "pause", node).Run(ctx); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(length):
	}
	// Even if the test's time is over: a node that is suspended cannot be removed.
	return errors.Join(ctx.Err(), command.New("docker", "unpause", node).Run(context.WithoutCancel(ctx)))
}

// LoseNode switches a node off and deletes it from the cluster, and returns once the cluster has
// given up the pods that ran there.
func LoseNode(ctx context.Context, client *kube.Client, node string) error {
	if err := command.New("docker", "stop", "--time", "0", node).Run(ctx); err != nil {
		return err
	}
	if err := client.CoreV1().Nodes().Delete(ctx, node, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return kube.Eventually(ctx, "the pods on "+node+" to be given up", func(ctx context.Context) error {
		pods, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + node})
		if err == nil && len(pods.Items) > 0 {
			err = fmt.Errorf("%d are left", len(pods.Items))
		}
		return err
	})
}

// ReturnNode replaces a lost node by a new one of the same name, and returns once it is ready.
func ReturnNode(ctx context.Context, c *cluster.Cluster, client *kube.Client, lost *corev1.Node) error {
	// The nodes' network expects the same addresses on it.
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: lost.Name, Labels: lost.Labels},
		Spec:       corev1.NodeSpec{PodCIDR: lost.Spec.PodCIDR, PodCIDRs: lost.Spec.PodCIDRs, ProviderID: lost.Spec.ProviderID},
	}
	if _, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := command.New("docker", "start", lost.Name).Run(ctx); err != nil {
		return err
	}
	return c.ConnectPods(ctx)
}
