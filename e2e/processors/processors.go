// Package processors measures how busy this machine is.
package processors

import (
	"time"

	"github.com/prometheus/procfs"
)

// Idle waits for a while and returns the share of all processors' time that nobody used meanwhile,
// or that was used at a lower priority only: such work gives way. It returns 1 where the kernel
// does not say.
func Idle(while time.Duration) float64 {
	before, err := now()
	if err != nil {
		return 1
	}
	time.Sleep(while)
	after, err := now()
	if err != nil {
		return 1
	}
	return share(before, after)
}

// now returns what the processors have done since the machine started, in seconds.
func now() (procfs.CPUStat, error) {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return procfs.CPUStat{}, err
	}
	stat, err := proc.Stat()
	return stat.CPUTotal, err
}

func share(before, after procfs.CPUStat) float64 {
	unused := after.Idle + after.Iowait + after.Nice - before.Idle - before.Iowait - before.Nice
	used := after.User + after.System + after.IRQ + after.SoftIRQ + after.Steal -
		before.User - before.System - before.IRQ - before.SoftIRQ - before.Steal
	return unused / (unused + used)
}
