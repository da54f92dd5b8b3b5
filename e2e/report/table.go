package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"agentcube-mtls/e2e/traffic"
)

// The table of faults stands in a page between these two lines.
const (
	begin = "<!-- The lines from here come from report.json: make docs-update writes them. -->\n"
	end   = "<!-- The lines from report.json end here. -->\n"
)

// Render returns a page of the docs with the table of faults of a report in it. It returns an error
// if a scenario was never run or failed, or if the page has no place for the table.
func Render(page string, r Report) (string, error) {
	before, rest, found := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", fmt.Errorf("the page has no place for the table: it needs the lines %q and %q", begin, end)
	}
	table, err := r.faults()
	return before + begin + table + end + after, err
}

func (r Report) faults() (string, error) {
	var b strings.Builder
	var problems []error
	fmt.Fprintf(&b, "\n%s.\n\n", r.runsOn())
	b.WriteString("| fault | what must continue | lost requests | failed connections | recovered after |\n|---|---|---|---|---|\n")
	if len(r.Missing) > 0 {
		problems = append(problems, fmt.Errorf("scenarios that were not run: %s", strings.Join(r.Missing, ", ")))
	}
	rows := 0
	for _, scenario := range r.Scenarios {
		if scenario.Result == Failed {
			problems = append(problems, fmt.Errorf("scenario %s: %s", scenario.Name, scenario.Result))
		}
		for _, fault := range scenario.Faults {
			fmt.Fprintf(&b, "| %s | %s | %s | %d | %.0f s |\n",
				fault.Name, continues(fault.Spared), fault.Requests.lost(), fault.Handshakes, fault.Seconds)
			rows++
		}
	}
	if rows == 0 {
		problems = append(problems, errors.New("the report has no fault"))
	}
	b.WriteString("\n")
	return b.String(), errors.Join(problems...)
}

func (c Counts) String() string {
	var words []string
	for _, kind := range slices.Sorted(maps.Keys(c)) {
		words = append(words, fmt.Sprintf("%d of %d %s", c[kind].Lost, c[kind].Sent, kind))
	}
	return strings.Join(words, ", ")
}

// lost names the kinds of which some were lost, and counts the others together.
func (c Counts) lost() string {
	some, others := Counts{}, 0
	for kind, count := range c {
		if count.Lost > 0 {
			some[kind] = count
		} else {
			others += count.Sent
		}
	}
	switch {
	case len(some) == 0:
		return fmt.Sprintf("0 of %d", others)
	case len(some) == len(c):
		return some.String()
	}
	return fmt.Sprintf("%s, 0 of %d others", some, others)
}

// continues says in words what a fault spares.
func continues(spared traffic.Spared) string {
	if spared.Calls && spared.Sessions && spared.Handshakes {
		return "everything"
	}
	var words []string
	for _, kind := range []struct {
		spared bool
		words  string
	}{
		{spared.Calls, "calls"}, {spared.Sessions, "sessions"}, {spared.Handshakes, "new connections"}, {spared.Others, "other pods"},
	} {
		if kind.spared {
			words = append(words, kind.words)
		}
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}
