package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// As `ctr images list` prints them: the node has two names for one Router.
const imagesOfNode = `REF                                                                        TYPE                                                 DIGEST      SIZE     PLATFORMS   LABELS
docker.io/library/import-2026-11-30@sha256:aaa                            application/vnd.docker.distribution.manifest.v2+json sha256:aaa  48.0 MiB linux/amd64 io.cri-containerd.image=managed
ghcr.io/volcano-sh/agentcube-router:latest                                application/vnd.docker.distribution.manifest.v2+json sha256:aaa  48.0 MiB linux/amd64 io.cri-containerd.image=managed
docker.io/library/redis:7.0.15                                            application/vnd.docker.distribution.manifest.v2+json sha256:bbb  9.1 MiB  linux/amd64 io.cri-containerd.image=managed
`

func TestOutdated(t *testing.T) {
	t.Parallel()
	digests := digestsByName(imagesOfNode)
	for name, c := range map[string]struct {
		image, running string
		outdated       bool
	}{
		"same":               {"ghcr.io/volcano-sh/agentcube-router:latest", "docker.io/library/import-2026-11-30@sha256:aaa", false},
		"replaced":           {"ghcr.io/volcano-sh/agentcube-router:latest", "docker.io/library/import-2026-11-29@sha256:000", true},
		"short name":         {"redis:7.0.15", "docker.io/library/import-2026-11-29@sha256:000", true},
		"same, short name":   {"redis:7.0.15", "docker.io/library/redis@sha256:bbb", false},
		"not started":        {"redis:7.0.15", "", false},
		"gone from the node": {"redis:6", "docker.io/library/redis@sha256:ccc", false},
	} {
		pod := corev1.Pod{
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "first", Image: "redis:7.0.15"}, {Name: "second", Image: c.image}}},
			Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{
				{Name: "second", ImageID: c.running}, {Name: "first", ImageID: "docker.io/library/redis@sha256:bbb"},
			}},
		}
		assert.Equal(t, c.outdated, outdated(&pod, digests), name)
		pod.DeletionTimestamp = &metav1.Time{}
		assert.False(t, outdated(&pod, digests), "%s, and about to go", name)
		sidecar := corev1.Pod{Spec: corev1.PodSpec{InitContainers: pod.Spec.Containers}, Status: corev1.PodStatus{InitContainerStatuses: pod.Status.ContainerStatuses}}
		assert.Equal(t, c.outdated, outdated(&sidecar, digests), "%s, as a sidecar", name)
		for n := range sidecar.Status.InitContainerStatuses {
			sidecar.Status.InitContainerStatuses[n].State.Terminated = &corev1.ContainerStateTerminated{}
		}
		assert.False(t, outdated(&sidecar, digests), "%s, and done", name)
	}
}
