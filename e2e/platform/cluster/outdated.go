package cluster

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	corev1 "k8s.io/api/core/v1"
)

// Outdated returns those of some pods that run another image than their node has by that name now:
// they started before the image was replaced, and nothing in their manifest tells so.
func (c *Cluster) Outdated(ctx context.Context, pods []corev1.Pod) ([]corev1.Pod, error) {
	present, err := c.nodes()
	if err != nil {
		return nil, err
	}
	digests := map[string]map[string]string{}
	for _, node := range present {
		var list bytes.Buffer
		if err := node.CommandContext(ctx, "ctr", "--namespace", "k8s.io", "images", "list").SetStdout(&list).Run(); err != nil {
			return nil, fmt.Errorf("listing the images of node %s: %w", node, err)
		}
		digests[node.String()] = digestsByName(list.String())
	}
	return slices.DeleteFunc(slices.Clone(pods), func(pod corev1.Pod) bool { return !outdated(&pod, digests[pod.Spec.NodeName]) }), nil
}

// digestsByName reads what `ctr images list` prints: a line of titles, and one for each image with
// its name, its media type and its digest.
func digestsByName(list string) map[string]string {
	digests := map[string]string{}
	for line := range strings.Lines(list) {
		if fields := strings.Fields(line); len(fields) > 2 {
			digests[normalized(fields[0])] = fields[2]
		}
	}
	return digests
}

// outdated tells whether a container runs another image than the one that has its name now, in a pod
// that stays.
func outdated(pod *corev1.Pod, digests map[string]string) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	images := map[string]string{}
	for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		images[container.Name] = normalized(container.Image)
	}
	return slices.ContainsFunc(slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses), func(status corev1.ContainerStatus) bool {
		if status.State.Terminated != nil {
			return false // an init container that has done its work
		}
		_, running, started := strings.Cut(status.ImageID, "@")
		now, there := digests[images[status.Name]]
		return started && there && running != now
	})
}

// normalized returns the full name of an image, since redis:7 is docker.io/library/redis:7 to
// containerd.
func normalized(image string) string {
	reference, err := name.ParseReference(image)
	if err != nil {
		return image
	}
	return reference.Name()
}
