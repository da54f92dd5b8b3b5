package e2e

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/traffic"
	"agentcube-mtls/internal/repo"
)

// scenario is a release under load, whose timeline is kept as an artifact.
type scenario struct {
	release.Release
	*traffic.Recorder
	end func(context.Context, *testing.T) *traffic.Timeline
}

// underLoad puts a release under load until the test ends.
func underLoad(ctx context.Context, t *testing.T, r release.Release) *scenario {
	t.Helper()
	recording, err := traffic.Start(ctx, r, t.Name())
	require.NoError(t, err)
	s := &scenario{Release: r, Recorder: recording}
	var once sync.Once
	var recorded *traffic.Timeline
	s.end = func(ctx context.Context, t *testing.T) *traffic.Timeline {
		once.Do(func() {
			var missing error
			// Also where the test has no time left: the load may be on the suite's release.
			recorded, missing = recording.Stop(context.WithoutCancel(ctx))
			picture, err := recorded.Write(repo.Path("artifacts", "timelines"), strings.ReplaceAll(t.Name(), "/", "_"))
			assert.NoError(t, errors.Join(missing, err))
			t.Logf("%d of %d invocations failed; timeline: %s", len(recorded.Failed()), len(recorded.Requests), picture)
			for _, complaint := range recorded.Complaints[:min(len(recorded.Complaints), 20)] {
				t.Log("a Router logged:", complaint.What)
			}
		})
		return recorded
	}
	// A test that fails halfway keeps its timeline too.
	t.Cleanup(func() { s.end(context.Background(), t) })
	return s
}

// requireNoFailure ends the load and fails the test if any request was not served, or any container was restarted.
func (s *scenario) requireNoFailure(ctx context.Context, t *testing.T) {
	t.Helper()
	s.goOn(ctx, t)
	recorded := s.end(ctx, t)
	assert.Empty(t, recorded.Failed(), "failed requests")
	assert.Empty(t, recorded.Restarts, "restarted containers, also of pods that are gone")
}

// goOn lets the load go on until it shows something, however quickly the scenario went by.
func (s *scenario) goOn(ctx context.Context, t *testing.T) {
	t.Helper()
	require.NoError(t, s.Await(ctx, 100))
}
