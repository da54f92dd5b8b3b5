package traffic

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	controlplane "agentcube-mtls/e2e/controlplane/router"
	"agentcube-mtls/e2e/mix"
	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/release"
)

// A request that was sent and left no record is missed.
func TestMissingRecord(t *testing.T) {
	t.Parallel()
	began := time.Now()
	r := &Recorder{requests: map[string]map[int]record.Request{mix.Calls: {}}}
	record := func(number int) {
		sent := began.Add(time.Duration(number) * time.Second)
		r.noteRequest(fmt.Appendf(nil, `{"kind": "calls", "n": %d, "sent": %q}`, number, sent.Format(time.RFC3339Nano)))
	}
	record(0)
	record(2)
	r.noteRequest([]byte("load: out of memory"))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	until := began.Add(1500 * time.Millisecond)
	require.ErrorContains(t, r.awaitAnswers(ctx, until), `no record of request 1 of calls; the load generator's last other output: "load: out of memory"`)
	record(1)
	require.NoError(t, r.awaitAnswers(t.Context(), until))
}

// A record of another kind is a complaint.
func TestUnknownRecord(t *testing.T) {
	t.Parallel()
	r := &Recorder{requests: map[string]map[int]record.Request{mix.Calls: {}}}
	r.noteRequest([]byte(`{"kind": "guesses"}`))
	assert.Empty(t, r.Requests())
	assert.Contains(t, r.complaint, "guesses")
}

// Of a kind that is sent often a number is awaited, and of another kind one request.
func TestAwaitTakesOneOfRareKinds(t *testing.T) {
	t.Parallel()
	streams, known := mix.Named("streams")
	require.True(t, known)
	r := &Recorder{kinds: append(mix.Usual(), streams), requests: map[string]map[int]record.Request{}}
	await := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		return r.Await(ctx, 3)
	}
	// Requests from before do not count, and these are sent later than the wait begins.
	answer := func(kind string, sent time.Time, count int) {
		r.requests[kind] = map[int]record.Request{}
		for n := range count {
			r.requests[kind][n] = record.Request{Kind: kind, Number: n, Sent: sent}
		}
	}
	soon := time.Now().Add(time.Hour)
	answer(mix.Calls, soon, 3)
	answer(mix.InSessions, soon, 3)
	require.ErrorContains(t, await(), "0 of streams so far")
	answer("streams", time.Now(), 1)
	require.ErrorContains(t, await(), "0 of streams so far")
	answer("streams", soon, 1)
	require.NoError(t, await())
	answer(mix.InSessions, soon, 2)
	require.ErrorContains(t, await(), "2 of in sessions so far")
}

func TestRuntimesOfTheLoad(t *testing.T) {
	t.Parallel()
	r := &Recorder{release: release.Release{Namespace: "agentcube"}}
	runtimes, err := r.runtimes()
	require.NoError(t, err)
	timeouts := map[string]string{}
	for _, runtime := range runtimes {
		timeouts[runtime.GetName()], _, err = unstructured.NestedString(runtime.Object, "spec", "sessionTimeout")
		require.NoError(t, err)
		_, pinned, err := unstructured.NestedMap(runtime.Object, "spec", "podTemplate", "spec", "nodeSelector")
		require.NoError(t, err)
		assert.Equal(t, runtime.GetName() == mix.Session, pinned, "only the session's sandbox must outlive all nodes")
	}
	assert.Equal(t, map[string]string{mix.Session: "24h", mix.Created: "2m"}, timeouts)
}

// With a sandbox every 20 s, the picture would show little else.
func TestPodsOfTheLoad(t *testing.T) {
	t.Parallel()
	r := &Recorder{load: "load-1", pods: map[string]int{}, restarts: map[string]int32{}}
	runtimes, err := r.runtimes()
	require.NoError(t, err)
	pods := map[string]map[string]string{"load-1": nil, "router-1": nil}
	for _, runtime := range runtimes {
		pods[runtime.GetName()], _, err = unstructured.NestedStringMap(runtime.Object, "spec", "podTemplate", "labels")
		require.NoError(t, err)
	}
	for name, labels := range pods {
		r.seen(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), Labels: labels}})
	}
	var seen []string
	for _, pod := range r.timeline.Pods {
		seen = append(seen, pod.Name)
	}
	assert.ElementsMatch(t, []string{"router-1", mix.Session}, seen)
}

func TestRestartsOfAPodAreNoted(t *testing.T) {
	t.Parallel()
	r := &Recorder{pods: map[string]int{}, restarts: map[string]int32{}}
	see := func(restarts int32) {
		r.seen(t.Context(), &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "router-1", UID: "a"},
			Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "router", RestartCount: restarts}}},
		})
	}
	see(1) // from before the load
	see(1)
	assert.Empty(t, r.timeline.Restarts)
	see(2)
	see(2)
	require.Len(t, r.timeline.Restarts, 1)
	assert.Equal(t, "router-1/router", r.timeline.Restarts[0].What)
	assert.Len(t, r.timeline.Pods, 1)

	r.gone(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "another"}})
	assert.False(t, r.isGone(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "a"}}))
	r.gone(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "a"}})
	assert.True(t, r.isGone(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "a"}}))
}

// A log that is read again tells the same again.
func TestLinesOfALogAreNotedOnce(t *testing.T) {
	t.Parallel()
	r := &Recorder{serials: map[string]bool{}}
	for range 2 {
		r.noteHandshake([]byte(`{"serial": "1", "id": "spiffe://a/ns/b/sa/agentcube-router"}`))
		r.noteHandshake([]byte(`{"serial": "2", "id": "spiffe://a/ns/b/sa/workloadmanager"}`))
		r.noteHandshake([]byte(`{"at": "2026-01-01T00:00:00Z", "what": "tls: expired"}`))
		r.noteHandshake([]byte("probe: out of memory"))
		for _, line := range []string{"E0101 sandbox is gone", "E0101 runtime not found", "I0101 serving"} {
			r.noteComplaint([]byte("2026-01-01T00:00:01.5Z " + line))
		}
		r.noteComplaint([]byte("E0101 without its time"))
	}
	require.Len(t, r.timeline.Certificates, 2)
	require.Len(t, r.Certificates("workloadmanager"), 1)
	assert.Equal(t, "2", r.Certificates("workloadmanager")[0].Serial)
	assert.Equal(t, []record.Event{{At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), What: "tls: expired"}}, r.timeline.Handshakes)
	assert.Equal(t, []record.Event{{At: time.Date(2026, 1, 1, 0, 0, 1, 5e8, time.UTC), What: "E0101 sandbox is gone"}}, r.timeline.Complaints)
}

// Late sandboxes are kept apart from complaints.
func TestLateSandboxes(t *testing.T) {
	t.Parallel()
	r := &Recorder{}
	for _, line := range []string{
		"E1125 dial.go:33] " + controlplane.Late + "10.0.0.1:80 accepted after 201ms",
		"E1125 dial.go:33] " + controlplane.Late + "10.0.0.2:80 accepted after 3s",
		"E1125 dial.go:33] " + controlplane.Late + "10.0.0.2:80 accepted after 3s", // the log is read again
		"E1125 forward.go:78] Reaching sandbox: refused",
	} {
		r.noteComplaint([]byte("2026-11-25T00:00:00Z " + line))
	}
	assert.Len(t, r.timeline.Late, 2)
	require.Len(t, r.timeline.Complaints, 1)
	assert.Contains(t, r.timeline.Complaints[0].What, "refused")
}
