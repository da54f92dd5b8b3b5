package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/observed"
)

// fault is something that breaks under a release, and what that may cost while it lasts.
type fault struct {
	name   string
	inject func(context.Context) error
	// spares tells the requests that are served all the while; the others may fail until all is as before.
	spares func(observed.Request) bool
}

// Which requests a fault spares.
var (
	everything = func(observed.Request) bool { return true }
	sessions   = func(q observed.Request) bool { return q.Session }
	calls      = func(q observed.Request) bool { return !q.Session }
	nothing    = func(observed.Request) bool { return false }
)

// endure injects one fault after the other into a release under load. Each must be overcome without a hand, and cost no request but
// those that it may cost, while it lasts.
func endure(ctx context.Context, t *testing.T, load *scenario, faults []fault) {
	t.Helper()
	type window struct{ from, to time.Time }
	windows := map[string]window{}
	for _, f := range faults {
		load.Mark(f.name)
		began := time.Now()
		require.NoError(t, f.inject(ctx), f.name)
		eventually(ctx, t, "the release to be whole again after: "+f.name, func(ctx context.Context) error { return load.healthy(ctx) })
		windows[f.name] = window{began, time.Now()}
		load.goOn(ctx, t)
	}
	recorded := load.end(ctx, t)
	failures := map[string][]observed.Request{}
	for _, request := range recorded.Failed() {
		in := "no fault"
		for name, w := range windows {
			if request.Sent.Before(w.to) && request.Sent.Add(request.Took).After(w.from) {
				in = name
			}
		}
		failures[in] = append(failures[in], request)
	}
	assert.Empty(t, failures["no fault"], "failed while nothing was broken")
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			w := windows[f.name]
			t.Logf("whole again after %s; %d invocations failed", w.to.Sub(w.from).Round(100*time.Millisecond), len(failures[f.name]))
			for _, request := range failures[f.name] {
				assert.False(t, f.spares(request), "lost, though the fault should spare it: %+v", request)
			}
		})
	}
}

// healthy returns an error while anything of the release is missing, or Router and WorkloadManager cannot shake hands.
func (s *scenario) healthy(ctx context.Context) error {
	if err := s.Whole(ctx, s.Namespace); err != nil {
		return err
	}
	if _, err := s.ServerHealthy(ctx); err != nil {
		return err
	}
	if _, err := s.AgentsAttested(ctx); err != nil {
		return err
	}
	_, err := s.Handshake(ctx)
	return err
}
