package processors

import (
	"testing"

	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/assert"
)

func TestLowPriorityWorkCountsAsIdle(t *testing.T) {
	t.Parallel()
	before := procfs.CPUStat{User: 100, Nice: 100, System: 100, Idle: 100, Iowait: 100, IRQ: 100, SoftIRQ: 100, Steal: 100}
	for name, c := range map[string]struct {
		spent procfs.CPUStat
		idle  float64
	}{
		"idle":         {procfs.CPUStat{Idle: 10}, 1},
		"wait":         {procfs.CPUStat{Iowait: 10}, 1},
		"low priority": {procfs.CPUStat{Nice: 10}, 1},
		"user":         {procfs.CPUStat{User: 10}, 0},
		"system":       {procfs.CPUStat{System: 4, IRQ: 3, SoftIRQ: 2, Steal: 1}, 0},
		"mixed":        {procfs.CPUStat{User: 5, System: 1, Nice: 2, Idle: 2}, 0.4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := before
			after.User += c.spent.User
			after.Nice += c.spent.Nice
			after.System += c.spent.System
			after.Idle += c.spent.Idle
			after.Iowait += c.spent.Iowait
			after.IRQ += c.spent.IRQ
			after.SoftIRQ += c.spent.SoftIRQ
			after.Steal += c.spent.Steal
			assert.InDelta(t, c.idle, share(before, after), 1e-9)
		})
	}
}
