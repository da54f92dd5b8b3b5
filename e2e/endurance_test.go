package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/release"
)

// fault is something that breaks under a release, and what goes on all the while.
type fault struct {
	name   string
	inject func(context.Context) error
	spares spared
}

// spared is what a fault leaves alone. The rest may fail until all is whole again.
type spared struct {
	calls, sessions bool // requests to the WorkloadManager, and those in a session
	handshakes      bool // new connections between Router and WorkloadManager
	others          bool // what another pod serves, so that there is no long time without an answer
}

// everything is what most faults spare.
var everything = spared{calls: true, sessions: true, handshakes: true}

// window is the time from a fault until the release is whole again, and until requests are served after that.
type window struct{ from, whole, to time.Time }

// endure injects one fault after the other into a release under load. Each must be overcome without a hand, and cost nothing but what
// it may cost, while it lasts.
func endure(ctx context.Context, t *testing.T, load *scenario, faults []fault) {
	t.Helper()
	var windows []window
	for _, f := range faults {
		load.Mark(f.name)
		w := window{from: time.Now()}
		require.NoError(t, f.inject(ctx), f.name)
		eventually(ctx, t, "the release to be whole again after: "+f.name, func(ctx context.Context) error { return healthy(ctx, load.Release) })
		w.whole = time.Now()
		load.recover(ctx, t)
		w.to = time.Now()
		windows = append(windows, w)
		load.goOn(ctx, t)
	}
	recorded := load.end(ctx, t)
	// during returns the fault that was there between two moments, the later one of two, or -1.
	during := func(from, to time.Time) int {
		found := -1
		for n, w := range windows {
			if from.Before(w.to) && to.After(w.from) {
				found = n
			}
		}
		return found
	}
	failures, handshakes := map[int][]record.Request{}, map[int][]record.Event{}
	for _, request := range recorded.Failed() {
		n := during(request.Sent, request.Sent.Add(request.Took))
		failures[n] = append(failures[n], request)
	}
	for _, handshake := range recorded.Handshakes {
		n := during(handshake.At, handshake.At)
		handshakes[n] = append(handshakes[n], handshake)
	}
	assert.Empty(t, failures[-1], "requests that failed while nothing was broken")
	assert.Empty(t, handshakes[-1], "handshakes that failed while nothing was broken")
	for n, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			w := windows[n]
			lost, sent := map[bool]int{}, 0
			var unspared, late []record.Request
			for _, request := range failures[n] {
				lost[request.Session]++
				spares := f.spares.calls
				if request.Session {
					spares = f.spares.sessions
				}
				if spares {
					unspared = append(unspared, request)
				}
				if !request.Sent.Before(w.whole) {
					late = append(late, request)
				}
			}
			assert.Empty(t, unspared, "lost, though the fault should spare them")
			assert.Empty(t, late, "lost, though all was whole again")
			if f.spares.handshakes {
				assert.Empty(t, handshakes[n], "handshakes that failed, though the fault should spare them")
			}
			for _, request := range recorded.Requests {
				if request.Sent.After(w.from) && request.Sent.Before(w.whole) {
					sent++
				}
			}
			silence := longestSilence(recorded.Requests, w.from, w.whole)
			if f.spares.others {
				assert.LessOrEqual(t, 2*len(failures[n]), sent, "more than half were lost")
				assert.Less(t, silence, 0.5, "the share of the time until all was whole again in which none of a kind was answered: no other pod took over")
			}
			t.Logf("whole after %s, and for %.0f %% of that nobody answered; of %d requests until then, %d calls and %d requests in the session failed; %d handshakes failed",
				w.whole.Sub(w.from).Round(100*time.Millisecond), 100*silence, sent, lost[false], lost[true], len(handshakes[n]))
		})
	}
}

// longestSilence returns the share of a time, from 0 to 1, in which no request of one kind was answered at a stretch. Where nobody takes
// over, requests need not fail: many wait for the pod that comes.
func longestSilence(requests []record.Request, from, to time.Time) float64 {
	var longest time.Duration
	for _, session := range []bool{false, true} {
		served := []time.Time{from, to}
		for _, request := range requests {
			answered := request.Sent.Add(request.Took)
			if request.Session == session && request.Failure == "" && answered.After(from) && answered.Before(to) {
				served = append(served, answered)
			}
		}
		slices.SortFunc(served, time.Time.Compare)
		for n, moment := range served[1:] {
			longest = max(longest, moment.Sub(served[n]))
		}
	}
	return float64(longest) / float64(to.Sub(from))
}

// healthy returns an error while anything of a release is missing, or its Router and WorkloadManager cannot shake hands.
func healthy(ctx context.Context, r release.Release) error {
	if err := r.Whole(ctx, r.Namespace); err != nil {
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
