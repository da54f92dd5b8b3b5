package suite

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"agentcube-mtls/e2e/processors"
)

// Another test begins, up to so many at once, when this share of the processors was idle for a
// while: beside more tests than a machine carries, each shows more of the machine than of the
// chart, and none ends earlier.
const (
	most  = 4
	spare = 0.2
	while = 5 * time.Second
)

var (
	looking sync.Mutex   // held by the test that looks for room
	running atomic.Int32 // tests that have begun
	ahead   atomic.Int32 // tests that wait for room, and before which no other begins
)

// awaitRoom returns when the machine has room for a test beside those that run, or when none runs.
// One that takes long goes ahead of the others, or all would at last wait for it alone.
func awaitRoom(t *testing.T, long bool) {
	t.Helper()
	if long {
		ahead.Add(1)
	}
	asked := time.Now()
	for !begin(long) {
		time.Sleep(time.Second)
	}
	t.Logf("waited %s for room beside other tests", time.Since(asked).Round(time.Second))
	t.Cleanup(func() { running.Add(-1) })
}

// begin counts a test among those that run, if there is room for it.
func begin(long bool) bool {
	looking.Lock()
	defer looking.Unlock()
	others := running.Load()
	if !long && ahead.Load() > 0 || others == most || others > 0 && processors.Idle(while) < spare {
		return false
	}
	if long {
		ahead.Add(-1)
	}
	running.Add(1)
	return true
}
