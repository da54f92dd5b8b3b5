package report_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/mix"
	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/report"
	"agentcube-mtls/e2e/traffic"
	"agentcube-mtls/internal/repo"
)

var requests = []record.Request{{Kind: mix.Calls}, {Kind: mix.Calls, Failure: "refused"}, {Kind: mix.InSessions}}

// lost returns so many requests that were lost of each kind.
func lost(calls, inSessions int) map[string][]record.Request {
	return map[string][]record.Request{mix.Calls: make([]record.Request, calls), mix.InSessions: make([]record.Request, inSessions)}
}

func TestLoadIsCountedByKind(t *testing.T) {
	t.Parallel()
	load := report.Of(&traffic.Timeline{Requests: requests, Restarts: make([]record.Event, 2), Late: make([]record.Event, 3)})
	assert.Equal(t, report.Load{Requests: report.Counts{"calls": {Sent: 2, Lost: 1}, "in sessions": {Sent: 1}}, Restarts: 2, Late: 3}, load)
}

func TestLostRequestsAreCountedByKind(t *testing.T) {
	t.Parallel()
	verdict := traffic.Verdict{Requests: requests, Lost: lost(2, 1)}
	assert.Equal(t, report.Counts{"calls": {Sent: 2, Lost: 2}, "in sessions": {Sent: 1, Lost: 1}}, report.Cost(verdict, traffic.Spared{}).Requests)
}

// A request that was sent during one fault may be lost by the next one.
func TestLostByAnotherFault(t *testing.T) {
	t.Parallel()
	assert.Equal(t, report.Counts{"calls": {Sent: 2}, "in sessions": {Sent: 1}}, report.Cost(traffic.Verdict{Requests: requests}, traffic.Spared{}).Requests)
}

// The names stand in docs/report.json, and in the page beside it.
func TestKindsAreCountedByTheirNames(t *testing.T) {
	t.Parallel()
	var sent []record.Request
	for _, kind := range mix.Whole() {
		sent = append(sent, record.Request{Kind: kind.Name})
	}
	assert.Equal(t, "0 of 1 calls, 0 of 1 calls on kept connections, 0 of 1 creations, 0 of 1 downloads, 0 of 1 in sessions, "+
		"0 of 1 in sessions on kept connections, 0 of 1 slow answers, 0 of 1 streams, 0 of 1 uploads", report.Of(&traffic.Timeline{Requests: sent}).Requests.String())
}

func TestReportIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "artifacts", "report.json")
	written := of(traffic.Spared{Sessions: true, Others: true})
	require.NoError(t, written.Write(path))
	read, err := report.Read(path)
	require.NoError(t, err)
	assert.Equal(t, written, read)
}

// A run of some scenarios replaces only their results.
func TestReportOfSomeScenarios(t *testing.T) {
	t.Parallel()
	before := report.Report{Kubernetes: "v1.34.1", Scenarios: []report.Scenario{
		{Name: "gone", Result: report.Passed}, {Name: "nodes", Result: report.Passed, Seconds: 3}, {Name: "rotation", Result: report.Passed, Seconds: 1},
		{Name: "upgrades", Result: report.Failed},
	}}
	newer := report.Report{Kubernetes: "v1.34.1", Missing: []string{"faults", "rotation"}, Scenarios: []report.Scenario{
		{Name: "handshake", Result: report.Passed}, {Name: "kubelets", Result: report.Skipped}, {Name: "nodes", Result: report.Skipped},
		{Name: "upgrades", Result: report.Passed, Seconds: 2},
	}}
	merged, err := before.With(newer)
	require.NoError(t, err)
	assert.Equal(t, report.Report{Kubernetes: "v1.34.1", Missing: []string{"faults"}, Scenarios: []report.Scenario{
		{Name: "handshake", Result: report.Passed}, {Name: "kubelets", Result: report.Skipped}, {Name: "nodes", Result: report.Passed, Seconds: 3},
		{Name: "rotation", Result: report.Passed, Seconds: 1}, {Name: "upgrades", Result: report.Passed, Seconds: 2},
	}}, merged)

	newer.Kubernetes = "v1.35.4"
	_, err = before.With(newer)
	require.EqualError(t, err, "some scenarios were run on Kubernetes v1.35.4, Helm , , and the others before on Kubernetes v1.34.1, Helm , : run all of them")
	newer.Missing, newer.Scenarios = nil, newer.Scenarios[:1]
	merged, err = before.With(newer)
	require.NoError(t, err, "nothing is from before")
	assert.Equal(t, newer, merged)
}

// of returns a report with one fault.
func of(spared traffic.Spared) report.Report {
	return reportOf(spared, lost(1, 0))
}

func reportOf(spared traffic.Spared, lost map[string][]record.Request) report.Report {
	verdict := traffic.Verdict{Name: "a Router killed", Requests: requests, Lost: lost, Handshakes: make([]record.Event, 3), Recovery: 9940 * time.Millisecond}
	return report.Report{
		Kubernetes: "v1.34.1", Helm: "v3.22.0", Images: []string{"redis:7", "router:1"},
		Scenarios: []report.Scenario{{Name: "faults", Result: report.Passed, Faults: []report.Fault{report.Cost(verdict, spared)}}},
	}
}

// page has a place for the table, and an old one in it.
const page = `# Faults

<!-- The lines from here come from report.json: make docs-update writes them. -->
old
<!-- The lines from report.json end here. -->

The end.
`

func TestTableIsRendered(t *testing.T) {
	t.Parallel()
	for row, spared := range map[string]traffic.Spared{
		"| a Router killed | everything | 1 of 2 calls, 0 of 1 others | 3 | 10 s |":                  {Calls: true, Sessions: true, Handshakes: true},
		"| a Router killed | new connections, other pods | 1 of 2 calls, 0 of 1 others | 3 | 10 s |": {Handshakes: true, Others: true},
		"| a Router killed | calls, sessions | 1 of 2 calls, 0 of 1 others | 3 | 10 s |":             {Calls: true, Sessions: true},
		"| a Router killed | nothing | 1 of 2 calls, 0 of 1 others | 3 | 10 s |":                     {},
	} {
		rendered, err := report.Render(page, of(spared))
		require.NoError(t, err)
		assert.Equal(t, `# Faults

<!-- The lines from here come from report.json: make docs-update writes them. -->

Kubernetes v1.34.1, Helm v3.22.0, redis:7, router:1.

| fault | what must continue | lost requests | failed connections | recovered after |
|---|---|---|---|---|
`+row+`

<!-- The lines from report.json end here. -->

The end.
`, rendered)
	}
}

// The table names kinds of which some were lost.
func TestTableOfKinds(t *testing.T) {
	t.Parallel()
	for cost, lost := range map[string]map[string][]record.Request{
		"0 of 3":                           lost(0, 0),
		"2 of 2 calls, 0 of 1 others":      lost(2, 0),
		"1 of 2 calls, 1 of 1 in sessions": lost(1, 1),
	} {
		rendered, err := report.Render(page, reportOf(traffic.Spared{}, lost))
		require.NoError(t, err)
		assert.Contains(t, rendered, "| a Router killed | nothing | "+cost+" | 3 | 10 s |")
	}
}

// A report that shows no fault is rejected.
func TestRenderErrors(t *testing.T) {
	t.Parallel()
	failed := of(traffic.Spared{})
	failed.Scenarios[0].Result = report.Failed
	early := of(traffic.Spared{})
	early.Scenarios = append(early.Scenarios, report.Scenario{Name: "nodes", Result: report.Failed})
	partial := of(traffic.Spared{})
	partial.Missing = []string{"rotation", "upgrades"}
	for name, c := range map[string]struct {
		page   string
		report report.Report
		want   string
	}{
		"no place in the page":  {"# Faults\n", of(traffic.Spared{}), "the page has no place for the table"},
		"no fault":              {page, report.Report{}, "the report has no fault"},
		"partial run":           {page, partial, "scenarios that were not run: rotation, upgrades"},
		"failed scenario":       {page, failed, "scenario faults: failed"},
		"failed before a fault": {page, early, "scenario nodes: failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := report.Render(c.page, c.report)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestDocsShowTheReportBesideThem(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(repo.Path("docs", "operations.md"))
	require.NoError(t, err)
	beside, err := report.Read(repo.Path("docs", "report.json"))
	require.NoError(t, err)
	rendered, err := report.Render(string(page), beside)
	require.NoError(t, err)
	assert.Equal(t, rendered, string(page), "run make docs-update")
}
