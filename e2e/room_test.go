package e2e

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/procfs"
)

// Another test begins, up to so many at once, when this share of the processors was idle for a while: beside more tests than a machine
// carries, each shows more of the machine than of the chart, and none ends earlier.
const (
	most  = 5
	spare = 0.2
	while = 5 * time.Second
)

var (
	looking sync.Mutex   // held by the test that looks for room
	running atomic.Int32 // tests that have begun
	ahead   atomic.Int32 // tests that wait for room, and before which no other begins
)

// awaitRoom returns when the machine has room for a test beside those that run, or when none runs. One that takes long goes ahead of the
// others, or all would at last wait for it alone.
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
	if !long && ahead.Load() > 0 || others == most || others > 0 && unoccupied(while) < spare {
		return false
	}
	if long {
		ahead.Add(-1)
	}
	running.Add(1)
	return true
}

// unoccupied waits, and returns the share of all processors' time that nobody used meanwhile. Where the kernel does not tell, that is all.
func unoccupied(while time.Duration) float64 {
	before, err := processors()
	if err != nil {
		return 1
	}
	time.Sleep(while)
	after, err := processors()
	if err != nil {
		return 1
	}
	unused := after.Idle + after.Iowait - before.Idle - before.Iowait
	used := after.User + after.Nice + after.System + after.IRQ + after.SoftIRQ + after.Steal -
		before.User - before.Nice - before.System - before.IRQ - before.SoftIRQ - before.Steal
	return unused / (unused + used)
}

// processors returns what the processors have done since the machine started, in seconds.
func processors() (procfs.CPUStat, error) {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return procfs.CPUStat{}, err
	}
	stat, err := proc.Stat()
	return stat.CPUTotal, err
}
