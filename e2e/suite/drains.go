package suite

import "maps"

// Seconds that cover the longest requests of the load with SOAK=1: streams of half a minute, and
// Routers that take as long to drain.
const (
	soakRouter          = "40"
	soakWorkloadManager = "100"
)

// DrainSeconds is what WorkloadManagers need in a release that stays in one mode. Only those that
// change it wait for Routers of the other one, by default for longer than a test should take.
var DrainSeconds = drainSeconds(Soak)

func drainSeconds(soak bool) string {
	if soak {
		return soakWorkloadManager
	}
	return "20"
}

// withDrains returns the values of a release, with drains that cover all requests of the load. A
// scenario may set its own.
func withDrains(values map[string]string, soak bool) map[string]string {
	if !soak {
		return values
	}
	drains := map[string]string{"router.drainSeconds": soakRouter, "workloadmanager.drainSeconds": soakWorkloadManager}
	maps.Copy(drains, values)
	return drains
}
