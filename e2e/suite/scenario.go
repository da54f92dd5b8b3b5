package suite

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"agentcube-mtls/e2e/helm"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/report"
)

// Scenario is one test on the running cluster. It runs as the subtest TestScenarios/<name>.
type Scenario struct {
	Name        string // a handle, which its release has too
	Description string // one sentence
	// Values are those of a release that is installed for the scenario. Without any, the scenario
	// gets the release that all share.
	Values map[string]string
	Slow   bool // starts ahead of the others, or all would at last wait for it alone
	Serial bool // disturbs the whole cluster: no other runs at the same time
	// Soak is why only SOAK=1 runs it; empty: it always runs.
	Soak string
	Run  func(context.Context, *testing.T, release.Release)
}

// CheckFilter returns an error if go test's flag -run asks for a scenario that there is not: go
// test itself runs nothing then, and passes.
func CheckFilter(run string, scenarios []Scenario) error {
	_, asked, found := strings.Cut(run, "/")
	if !found {
		return nil
	}
	asked, _, _ = strings.Cut(asked, "/")
	pattern := "%s"
	if strings.HasPrefix(asked, "^") && strings.HasSuffix(asked, "$") {
		pattern = "^(?:%s)$"
	}
	for name := range strings.SplitSeq(strings.Trim(asked, "^()$"), "|") {
		matches, err := regexp.Compile(fmt.Sprintf(pattern, name))
		if err != nil {
			return fmt.Errorf("-run: %w", err)
		}
		if !slices.ContainsFunc(scenarios, func(s Scenario) bool { return matches.MatchString(s.Name) }) {
			return fmt.Errorf("there is no scenario %q: e2e/main_test.go lists them", name)
		}
	}
	return nil
}

// Run runs every scenario as a subtest: the serial ones one by one, then the others in parallel.
func Run(t *testing.T, scenarios []Scenario) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			if s.Soak != "" && !Soak {
				note(t, func(r *report.Scenario) { r.Description, r.Result = s.Description, report.Skipped })
				t.Skip("SOAK=1 runs it: " + s.Soak)
			}
			if !s.Serial {
				t.Parallel()
				awaitRoom(t, s.Slow)
			}
			t.Log(s.Description)
			began := time.Now()
			t.Cleanup(func() {
				note(t, func(r *report.Scenario) {
					r.Description, r.Result, r.Seconds = s.Description, result(t), time.Since(began).Round(time.Second).Seconds()
				})
			})
			ctx := start(t)
			r := Env.Release
			if s.Values != nil {
				r = Install(ctx, t, s.Name, s.Values)
			}
			s.Run(ctx, t, r)
		})
	}
}

// name is what Kubernetes and go test -run take without quotes.
var name = regexp.MustCompile("^[a-z][a-z0-9]*(-[a-z0-9]+)*$")

// Check returns an error for each scenario that is incomplete, or whose name cannot be used. No
// name may contain another one: the inventory finds what belongs to a release by its name.
func Check(scenarios []Scenario) error {
	var problems []error
	names := []string{helm.Name}
	for _, s := range scenarios {
		if !name.MatchString(s.Name) {
			problems = append(problems, fmt.Errorf("scenario %q: the name must match %s", s.Name, name))
		}
		if s.Description == "" || s.Run == nil {
			problems = append(problems, fmt.Errorf("scenario %q: it needs a Description and Run", s.Name))
		}
		if strings.Contains(s.Description, ". ") {
			problems = append(problems, fmt.Errorf("scenario %q: its Description must be one sentence", s.Name))
		}
		for _, other := range names {
			if strings.Contains(s.Name, other) || strings.Contains(other, s.Name) {
				problems = append(problems, fmt.Errorf("scenario %q: one of the names %[1]q and %[2]q contains the other", s.Name, other))
			}
		}
		names = append(names, s.Name)
	}
	return errors.Join(problems...)
}

// handle returns the name of a test as a file name, without the test that all scenarios belong to.
func handle(t *testing.T) string {
	t.Helper()
	_, scenario, _ := strings.Cut(t.Name(), "/")
	return strings.ReplaceAll(scenario, "/", "_")
}
