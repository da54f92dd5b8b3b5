// Package report keeps the outcome of a run of the scenarios, for programs and for the docs.
package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/traffic"
)

// Report is one run.
type Report struct {
	Kubernetes string     `json:"kubernetes"`        // version of the API server
	Helm       string     `json:"helm"`              // version of the client that most scenarios use
	Images     []string   `json:"images"`            // of the release that all share, sorted
	Scenarios  []Scenario `json:"scenarios"`         // sorted by name
	Missing    []string   `json:"missing,omitempty"` // names of scenarios that were not run
}

// Scenario is what became of one scenario.
type Scenario struct {
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Result      Result  `json:"result"`
	Seconds     float64 `json:"seconds"`
	Loads       []Load  `json:"loads,omitempty"`
	Faults      []Fault `json:"faults,omitempty"` // in the order in which they were injected
}

// Result is whether a scenario passed.
type Result string

// What becomes of a scenario.
const (
	Passed  Result = "passed"
	Failed  Result = "failed"
	Skipped Result = "skipped"
)

// Load is what one load generator sent.
type Load struct {
	Requests Counts `json:"requests"`
	Restarts int    `json:"restarts"` // of containers
	Late     int    `json:"late"`     // requests for which AgentCube's Router would not have waited
}

// Counts are those of requests, by kind as the package mix names it.
type Counts map[string]Count

// Count counts requests.
type Count struct {
	Sent int `json:"sent"`
	Lost int `json:"lost"`
}

// Fault is what one fault cost.
type Fault struct {
	Name       string         `json:"name"`
	Spared     traffic.Spared `json:"spared"`     // what the scenario requires to keep working
	Requests   Counts         `json:"requests"`   // that were in progress, or sent until the release recovered
	Handshakes int            `json:"handshakes"` // that failed
	Seconds    float64        `json:"seconds"`    // from the injection until the release recovered
}

// Of counts the requests of a timeline.
func Of(timeline *traffic.Timeline) Load {
	return Load{Requests: count(timeline.Requests), Restarts: len(timeline.Restarts), Late: len(timeline.Late)}
}

// Cost returns what a fault cost, by its verdict.
func Cost(v traffic.Verdict, spared traffic.Spared) Fault {
	requests := count(v.Requests)
	for kind, sent := range requests {
		requests[kind] = Count{Sent: sent.Sent}
	}
	for kind, lost := range v.Lost {
		requests[kind] = Count{requests[kind].Sent, len(lost)}
	}
	return Fault{
		Name: v.Name, Spared: spared, Requests: requests, Handshakes: len(v.Handshakes),
		Seconds: v.Recovery.Round(100 * time.Millisecond).Seconds(),
	}
}

func count(requests []record.Request) Counts {
	counts := Counts{}
	for _, request := range requests {
		count := counts[request.Kind]
		count.Sent++
		if request.Failure != "" {
			count.Lost++
		}
		counts[request.Kind] = count
	}
	return counts
}

// With returns a newer report, which has the scenarios that were not run, or were skipped, from this
// one. It returns an error if those ran on something else.
func (r Report) With(newer Report) (Report, error) {
	merged := newer
	merged.Scenarios, merged.Missing = slices.Clone(newer.Scenarios), nil
	kept := false
	for n, scenario := range merged.Scenarios {
		if old := r.find(scenario.Name); scenario.Result == Skipped && old != nil {
			merged.Scenarios[n], kept = *old, true
		}
	}
	for _, name := range newer.Missing {
		if old := r.find(name); old != nil {
			merged.Scenarios, kept = append(merged.Scenarios, *old), true
		} else {
			merged.Missing = append(merged.Missing, name)
		}
	}
	slices.SortFunc(merged.Scenarios, func(a, b Scenario) int { return cmp.Compare(a.Name, b.Name) })
	if on, before := newer.runsOn(), r.runsOn(); kept && on != before {
		return Report{}, fmt.Errorf("some scenarios were run on %s, and the others before on %s: run all of them", on, before)
	}
	return merged, nil
}

func (r Report) find(name string) *Scenario {
	n := slices.IndexFunc(r.Scenarios, func(s Scenario) bool { return s.Name == name })
	if n < 0 {
		return nil
	}
	return &r.Scenarios[n]
}

// runsOn says on what the scenarios ran.
func (r Report) runsOn() string {
	return fmt.Sprintf("Kubernetes %s, Helm %s, %s", r.Kubernetes, r.Helm, strings.Join(r.Images, ", "))
}

// Write writes a report as JSON, and makes its folder.
func (r Report) Write(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// Read reads what Write wrote.
func Read(path string) (Report, error) {
	var r Report
	data, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(data, &r)
}
