package e2e

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/procfs"
)

// Another test begins when this share of the processors was idle for a while: beside more tests than a machine carries, each shows more of
// the machine than of the chart, and none ends earlier.
const (
	spare = 0.2
	while = 5 * time.Second
)

var (
	looking sync.Mutex   // held by the test that begins next
	running atomic.Int32 // tests that have begun
)

// awaitRoom returns when the machine has room for a test beside those that run, or when none runs.
func awaitRoom(t *testing.T) {
	t.Helper()
	looking.Lock()
	defer looking.Unlock()
	for running.Load() > 0 && unoccupied(while) < spare {
	}
	running.Add(1)
	t.Cleanup(func() { running.Add(-1) })
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
