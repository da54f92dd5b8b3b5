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

// window is the time from a fault until all is as before.
type window struct{ from, healthy, to time.Time }

func (w window) holds(q observed.Request) bool {
	return q.Sent.Before(w.to) && q.Sent.Add(q.Took).After(w.from)
}

// endure injects one fault after the other into a release under load. Each must be overcome without a hand, and cost no request but
// those that it may cost, while it lasts.
func endure(ctx context.Context, t *testing.T, load *scenario, faults []fault) {
	t.Helper()
	windows := map[string]window{}
	for _, f := range faults {
		load.Mark(f.name)
		w := window{from: time.Now()}
		require.NoError(t, f.inject(ctx), f.name)
		eventually(ctx, t, "the release to be whole again after: "+f.name, func(ctx context.Context) error { return load.healthy(ctx) })
		w.healthy = time.Now()
		load.recover(ctx, t)
		w.to = time.Now()
		windows[f.name] = w
		load.goOn(ctx, t)
	}
	failures := map[string][]observed.Request{}
	for _, request := range load.end(ctx, t).Failed() {
		in := "no fault"
		for name, w := range windows {
			if w.holds(request) {
				in = name
			}
		}
		failures[in] = append(failures[in], request)
	}
	assert.Empty(t, failures["no fault"], "failed while nothing was broken")
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			lost := map[bool]int{}
			for _, request := range failures[f.name] {
				lost[request.Session]++
				assert.False(t, f.spares(request), "lost, though the fault should spare it: %+v", request)
			}
			t.Logf("whole after %s; %d calls and %d requests in the session failed",
				windows[f.name].healthy.Sub(windows[f.name].from).Round(100*time.Millisecond), lost[false], lost[true])
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
