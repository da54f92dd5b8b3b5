package release

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/record"
)

// running returns a pod of a program, with the statuses of its init containers.
func running(app string, statuses ...corev1.ContainerStatus) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: app + "-1", Namespace: "agentcube", Labels: map[string]string{"app": app}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, InitContainerStatuses: statuses, ContainerStatuses: []corev1.ContainerStatus{{Name: app, Ready: true}},
		},
	}
}

// with returns a release whose namespace has these pods.
func with(pods ...runtime.Object) Release {
	return Release{Client: &kube.Client{Interface: fake.NewClientset(pods...)}, Namespace: "agentcube"}
}

func TestSidecarThatIsNotReadyIsNamed(t *testing.T) {
	t.Parallel()
	ready, waiting := corev1.ContainerStatus{Name: helper, Ready: true}, corev1.ContainerStatus{Name: helper}
	seen, err := with(running(routerApp, ready), running(workloadManagerApp, ready)).SidecarsReady(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "agentcube-router-1\nworkloadmanager-1", seen)

	for problem, r := range map[string]Release{
		"pod workloadmanager-1 has no spiffe-helper that is ready":              with(running(routerApp, ready), running(workloadManagerApp, waiting)),
		"pod agentcube-router-1 has no spiffe-helper that is ready":             with(running(routerApp), running(workloadManagerApp, ready)),
		"no pod with the label app=workloadmanager runs in namespace agentcube": with(running(routerApp, ready)),
	} {
		_, err := r.SidecarsReady(t.Context())
		require.EqualError(t, err, problem)
	}
}

func TestRestartsAreCounted(t *testing.T) {
	t.Parallel()
	seen, err := with(running(routerApp, corev1.ContainerStatus{Name: helper})).NoRestarts(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "0 of 2 containers", seen)

	_, err = with(running(routerApp), running(workloadManagerApp, corev1.ContainerStatus{Name: helper, RestartCount: 2})).NoRestarts(t.Context())
	require.EqualError(t, err, "restarted: workloadmanager-1/spiffe-helper 2 times")
	_, err = with().NoRestarts(t.Context())
	require.EqualError(t, err, "no container in namespace agentcube")
}

func TestHandshakeIsJudged(t *testing.T) {
	t.Parallel()
	expected := Identities{Router: "spiffe://a/router", WorkloadManager: "spiffe://a/manager"}
	handshake := func(version, client, server string) *record.Handshake {
		expires := time.Now().Add(time.Hour)
		return &record.Handshake{Version: version, Client: record.SVID{ID: client, Expires: expires}, Server: record.SVID{ID: server, Expires: expires}}
	}
	seen, err := judged(handshake("TLS 1.3", expected.Router, expected.WorkloadManager), expected)
	require.NoError(t, err)
	assert.Contains(t, seen, expected.Router+", expires in ")

	for problem, seen := range map[string]*record.Handshake{
		"expected TLS 1.3":        handshake("TLS 1.2", expected.Router, expected.WorkloadManager),
		"WorkloadManager:other":   handshake("TLS 1.3", expected.Router, "other"),
		"are {Router:other":       handshake("TLS 1.3", "other", expected.WorkloadManager),
		"Router:spiffe://a/manag": handshake("TLS 1.3", expected.WorkloadManager, expected.Router),
	} {
		_, err := judged(seen, expected)
		require.ErrorContains(t, err, problem)
	}
}
