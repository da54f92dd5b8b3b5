package artifacts

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"agentcube-mtls/e2e/kube"
)

func read(t *testing.T, elements ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(elements...))
	require.NoError(t, err)
	return string(content)
}

func TestUnavailableFileSaysWhy(t *testing.T) {
	t.Parallel()
	f := folder{dir: t.TempDir()}
	f.write("a/b.txt", func() (string, error) { return "half", errors.New("cut off") })
	require.NoError(t, f.err)
	assert.Equal(t, "half\n(unavailable: cut off)\n", read(t, f.dir, "a", "b.txt"))

	f.write("a/b.txt/c.txt", func() (string, error) { return "", nil })
	require.ErrorContains(t, f.err, "not a directory")
}

// The log of a container before its last restart says why it was restarted.
func TestLogsOfEveryContainer(t *testing.T) {
	t.Parallel()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "agentcube", Name: "router-1"}, Status: corev1.PodStatus{
		InitContainerStatuses:      []corev1.ContainerStatus{{Name: "spiffe-helper"}},
		ContainerStatuses:          []corev1.ContainerStatus{{Name: "router", RestartCount: 1}},
		EphemeralContainerStatuses: []corev1.ContainerStatus{{Name: "probe"}},
	}}
	event := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "agentcube", Name: "a"}, Type: "Warning", Reason: "BackOff", Message: "no image",
		InvolvedObject: corev1.ObjectReference{Namespace: "agentcube", Name: "router-1"}}
	f := folder{dir: t.TempDir()}
	f.objects(t.Context(), &kube.Client{Interface: fake.NewClientset(pod, event)})
	require.NoError(t, f.err)
	logs, err := filepath.Glob(filepath.Join(f.dir, "logs", "agentcube", "router-1", "*"))
	require.NoError(t, err)
	for i, log := range logs {
		logs[i] = filepath.Base(log)
	}
	assert.Equal(t, []string{"probe.log", "router.log", "router.previous.log", "spiffe-helper.log"}, logs)
	assert.Contains(t, read(t, f.dir, "events.txt"), "Warning agentcube/router-1 BackOff: no image\n")
	assert.Contains(t, read(t, f.dir, "pods.yaml"), "name: router-1\n")
}
