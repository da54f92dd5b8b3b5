package suite

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/report"
	"agentcube-mtls/e2e/traffic"
)

// Fault is something that breaks in a release, and what must keep working during it.
type Fault struct {
	Name   string
	Inject func(context.Context) error
	Spares traffic.Spared
}

// Everything is what most faults spare.
var Everything = traffic.Spared{Calls: true, Sessions: true, Handshakes: true}

// Endure injects one fault after the other into a release under load. The release must recover from
// each without intervention, at no other cost than the fault allows. Each is judged and reported
// before the next one; one that the release does not recover from ends the series.
func Endure(ctx context.Context, t *testing.T, load *Load, faults []Fault) {
	t.Helper()
	var intervals []traffic.Interval
	for _, f := range faults {
		recovered := false
		t.Run(f.Name, func(t *testing.T) {
			load.Mark(f.Name)
			interval := traffic.Interval{Name: f.Name, Injected: time.Now(), Spared: f.Spares}
			require.NoError(t, f.Inject(ctx))
			Eventually(ctx, t, "the release to recover from: "+f.Name, func(ctx context.Context) error { return Healthy(ctx, load.Release) })
			interval.Recovered = time.Now()
			require.NoError(t, load.Recover(ctx))
			interval.Ended = time.Now()
			intervals = append(intervals, interval)
			load.GoOn(ctx, t)
			recovered = true

			timeline, err := load.Snapshot(ctx)
			require.NoError(t, err)
			verdicts := traffic.Judge(timeline, intervals).Verdicts
			v := verdicts[len(verdicts)-1]
			assert.Empty(t, v.Violations)
			cost := report.Cost(v, f.Spares)
			note(t, func(r *report.Scenario) { r.Faults = append(r.Faults, cost) })
			t.Logf("recovered after %s, and for %.0f %% of that nobody answered; lost: %s; %d handshakes failed",
				v.Recovery.Round(100*time.Millisecond), 100*v.Silence, cost.Requests, cost.Handshakes)
		})
		if !recovered {
			break
		}
	}
	timeline := load.End(ctx, t)
	judged := traffic.Judge(timeline, intervals)
	if len(intervals) < len(faults) {
		return // what the last fault still costs has no interval
	}
	assert.Empty(t, judged.Requests, "requests that failed outside of the faults")
	assert.Empty(t, judged.Handshakes, "handshakes that failed outside of the faults")
	for _, v := range judged.Verdicts {
		assert.Empty(t, v.Violations, v.Name)
	}
	require.NoError(t, timeline.Prompt(intervals))
}

// Healthy returns an error while anything of a release is missing, or its Router and
// WorkloadManager cannot shake hands.
func Healthy(ctx context.Context, r release.Release) error {
	if err := r.RolledOut(ctx, r.Namespace); err != nil {
		return err
	}
	if _, err := r.ServerHealthy(ctx); err != nil {
		return err
	}
	if _, err := r.AgentsAttested(ctx); err != nil {
		return err
	}
	_, err := r.Handshake(ctx)
	return err
}
