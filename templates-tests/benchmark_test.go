package templatestests

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/engine"

	"agentcube-mtls/templates-tests/chart"
)

// BenchmarkRender is one render by helm's engine, parsing included; BenchmarkSchema is the check of the values that helm makes
// before it. Both tell CPU time too, which other work on the machine does not stretch.
func BenchmarkRender(b *testing.B) {
	for name, given := range map[string]string{"plain": plain, "spire": spire} {
		loaded, prepared, err := chart.Release{Values: values(b, given)}.Prepare()
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			reportCPU(b, func() {
				_, err := engine.Render(loaded, prepared)
				require.NoError(b, err)
			})
		})
	}
}

func BenchmarkSchema(b *testing.B) {
	release := chart.Release{Values: values(b, spire)}
	reportCPU(b, func() {
		_, _, err := release.Prepare()
		require.NoError(b, err)
	})
}

func reportCPU(b *testing.B, work func()) {
	before := cpuTime()
	for range b.N {
		work()
	}
	b.ReportMetric((cpuTime()-before)/float64(b.N), "cpu-ms/op")
}

// cpuTime is what the process has used so far, in milliseconds.
func cpuTime() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	milliseconds := func(t syscall.Timeval) float64 { return float64(t.Sec)*1e3 + float64(t.Usec)/1e3 }
	return milliseconds(usage.Utime) + milliseconds(usage.Stime)
}
