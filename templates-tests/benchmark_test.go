package templatestests

import (
	"path"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"

	"agentcube-mtls/templates-tests/chart"
)

// BenchmarkRender is one render by helm's engine, and how many times that of AgentCube's own chart
// it takes. The engine parses all templates each time, and "parsing" is what that alone takes.
// BenchmarkSchema is the check of the values that helm makes before it. All tell CPU time too,
// which other work on the machine stretches less.
func BenchmarkRender(b *testing.B) {
	old, err := v010()
	require.NoError(b, err)
	var theirs float64
	b.Run("v0.1.0", func(b *testing.B) { theirs = reportRender(b, chart.Release{Chart: old, Values: values(b, plain)}) })
	for _, mode := range []struct {
		name    string
		release chart.Release
	}{
		{"parsing", chart.Release{Chart: unexecuted(chart.Base()), Values: values(b, spire)}},
		{"plain", chart.Release{Values: values(b, plain)}},
		{"spire", chart.Release{Values: values(b, spire)}},
	} {
		b.Run(mode.name, func(b *testing.B) {
			ours := reportRender(b, mode.release)
			if theirs > 0 { // it was measured, too
				b.ReportMetric(ours/theirs, "times-v0.1.0")
			}
		})
	}
}

// unexecuted returns a chart whose templates the engine parses, and does not execute: their names
// begin as those of helpers do.
func unexecuted(loaded *helmchart.Chart) *helmchart.Chart {
	parsed := *loaded
	parsed.Templates = nil
	for _, file := range loaded.Templates {
		dir, name := path.Split(file.Name)
		parsed.Templates = append(parsed.Templates, &helmchart.File{Name: dir + "_" + name, Data: file.Data})
	}
	return &parsed
}

func reportRender(b *testing.B, release chart.Release) float64 {
	b.Helper()
	loaded, prepared, err := release.Prepare()
	require.NoError(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	return reportCPU(b, func() {
		_, err := engine.Render(loaded, prepared)
		require.NoError(b, err)
	})
}

func BenchmarkSchema(b *testing.B) {
	loaded, prepared, err := chart.Release{Values: values(b, spire)}.Prepare()
	require.NoError(b, err)
	reportCPU(b, func() {
		require.NoError(b, chartutil.ValidateAgainstSchema(loaded, prepared["Values"].(chartutil.Values)))
	})
}

// reportCPU reports, and returns, the milliseconds of CPU time that the work takes.
func reportCPU(b *testing.B, work func()) float64 {
	b.Helper()
	before := cpuTime()
	for range b.N {
		work()
	}
	each := (cpuTime() - before) / float64(b.N)
	b.ReportMetric(each, "cpu-ms/op")
	return each
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
