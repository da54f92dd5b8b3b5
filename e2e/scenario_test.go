package e2e

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/recorder"
	"agentcube-mtls/e2e/repo"
	"agentcube-mtls/e2e/timeline"
	"agentcube-mtls/e2e/verify"
)

// scenario is a release under load, whose timeline is kept as an artifact.
type scenario struct {
	verify.Release
	*recorder.Recorder
	end func(context.Context, *testing.T) *timeline.Timeline
}

// underLoad puts a release under load until the test ends.
func underLoad(ctx context.Context, t *testing.T, r verify.Release) *scenario {
	t.Helper()
	recording, err := recorder.Start(ctx, r, t.Name())
	require.NoError(t, err)
	s := &scenario{Release: r, Recorder: recording}
	var once sync.Once
	var recorded *timeline.Timeline
	s.end = func(ctx context.Context, t *testing.T) *timeline.Timeline {
		once.Do(func() {
			recorded, err = recording.Stop(ctx)
			require.NoError(t, err)
			picture, err := recorded.Write(repo.Path("artifacts", "timelines"), strings.ReplaceAll(t.Name(), "/", "_"))
			require.NoError(t, err)
			t.Logf("%d of %d invocations failed; timeline: %s", len(recorded.Failed()), len(recorded.Requests), picture)
		})
		return recorded
	}
	// A test that fails halfway keeps its timeline too.
	t.Cleanup(func() { s.end(context.Background(), t) })
	return s
}

// requireNoFailure ends the load and fails the test if any request was not served.
func (s *scenario) requireNoFailure(ctx context.Context, t *testing.T) {
	t.Helper()
	s.goOn(ctx, t)
	assert.Empty(t, s.end(ctx, t).Failed())
}

// goOn lets the load go on until it shows something, however quickly the scenario went by.
func (s *scenario) goOn(ctx context.Context, t *testing.T) {
	t.Helper()
	require.NoError(t, s.Await(ctx, 100))
}
