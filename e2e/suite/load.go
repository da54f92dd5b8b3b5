package suite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/environment"
	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/e2e/mix"
	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/report"
	"agentcube-mtls/e2e/traffic"
	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/repo"
)

// Load is a release under load, whose timeline is kept as an artifact.
type Load struct {
	release.Release
	*traffic.Recorder
	end func(context.Context, *testing.T) *traffic.Timeline
}

// UnderLoad puts a release under load until the test ends, with SOAK=1 of all kinds of requests.
func UnderLoad(ctx context.Context, t *testing.T, r release.Release) *Load {
	t.Helper()
	recording, err := traffic.Start(ctx, r, handle(t), environment.Mix())
	require.NoError(t, err)
	l := &Load{Release: r, Recorder: recording}
	var once sync.Once
	var recorded *traffic.Timeline
	l.end = func(ctx context.Context, t *testing.T) *traffic.Timeline {
		t.Helper()
		once.Do(func() {
			var missing error
			// Also where the test has no time left: the load may be on the suite's release.
			recorded, missing = recording.Stop(context.WithoutCancel(ctx))
			picture, err := recorded.Write(repo.Path("artifacts", "timelines"), handle(t))
			if err := errors.Join(missing, err); err != nil {
				t.Error(err) // what there is of the load is reported all the same
			}
			note(t, func(r *report.Scenario) { r.Loads = append(r.Loads, report.Of(recorded)) })
			t.Logf("failed: %s; timeline: %s", report.Of(recorded).Requests, picture)
			for _, complaint := range recorded.Complaints[:min(len(recorded.Complaints), 20)] {
				t.Log("a Router logged:", complaint.What)
			}
		})
		return recorded
	}
	// A test that fails halfway keeps its timeline too.
	t.Cleanup(func() { l.end(context.Background(), t) })
	return l
}

// End ends the load and returns its timeline, the same one each time.
func (l *Load) End(ctx context.Context, t *testing.T) *traffic.Timeline {
	t.Helper()
	return l.end(ctx, t)
}

// RequireNoFailure ends the load and fails the test if any request was not served, also by
// AgentCube's own limit for sandboxes, or any container was restarted. The report counts all
// failures; those for which Kubernetes is too old fail no test.
func (l *Load) RequireNoFailure(ctx context.Context, t *testing.T) {
	t.Helper()
	l.GoOn(ctx, t)
	recorded := l.end(ctx, t)
	failed := recorded.Failed()
	if !components.HoldsStoppingPods(components.KubernetesMinor) {
		failed = recorded.FailedBesideStops()
	}
	assert.Empty(t, failed, "failed requests")
	assert.Empty(t, recorded.Restarts, "restarted containers, also of pods that are gone")
	require.NoError(t, recorded.Prompt(nil))
}

// GoOn lets the load go on until it shows something, however quickly the scenario went by. A
// request that takes long is begun and answered meanwhile.
func (l *Load) GoOn(ctx context.Context, t *testing.T) {
	t.Helper()
	require.NoError(t, l.Await(ctx, 100))
}

// AwaitCertificates waits until something holds for the certificates of both sides that are in use
// by then.
func (l *Load) AwaitCertificates(ctx context.Context, what string, holds func(record.Certificate) bool) error {
	return kube.Eventually(ctx, what, func(context.Context) error {
		for _, account := range []string{"agentcube-router", "workloadmanager"} {
			if newest := l.Newest(account); !holds(newest) {
				return fmt.Errorf("%s has %+v", account, newest)
			}
		}
		return nil
	})
}

// Newest returns the certificate that the program of a ServiceAccount began to use last.
func (l *Load) Newest(account string) record.Certificate {
	seen := l.Certificates(account)
	if len(seen) == 0 {
		return record.Certificate{}
	}
	return seen[len(seen)-1]
}

// Recover waits until a hundred requests in a row were served, of the kinds that are sent often and
// from now on.
func (l *Load) Recover(ctx context.Context) error {
	now := time.Now()
	err := kube.Eventually(ctx, "invocations to be served again", func(context.Context) error { return served(l.Requests(), now) })
	if err == nil {
		l.Mark("served again")
	}
	return err
}

// served returns an error until the last hundred requests of those kinds that are sent often were
// served, and were sent since a moment.
func served(requests []record.Request, since time.Time) error {
	const enough = 100
	requests = slices.DeleteFunc(requests, func(q record.Request) bool {
		kind, _ := mix.Named(q.Kind)
		return !kind.Often() || q.Sent.Before(since)
	})
	if len(requests) < enough {
		return fmt.Errorf("%d were answered so far", len(requests))
	}
	for _, request := range requests[len(requests)-enough:] {
		if request.Failure != "" {
			return fmt.Errorf("one of the last hundred failed: %s", request.Failure)
		}
	}
	return nil
}
