// Command report renders the table and the picture of faults in docs/operations.md from the last
// run of the scenarios, and keeps the report beside them. Scenarios that were not run stay as they
// are there.
package main

import (
	"fmt"
	"os"
	"slices"

	"agentcube-mtls/e2e/report"
	"agentcube-mtls/internal/repo"
)

// pictured is the scenario whose timeline is the picture.
const pictured = "single-faults"

func main() {
	if err := update(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		fmt.Fprintln(os.Stderr, "Run the scenarios first: make test-e2e")
		os.Exit(1)
	}
}

func update() error {
	before, err := report.Read(repo.Path("docs", "report.json"))
	if err != nil {
		return err
	}
	last, err := report.Read(repo.Path("artifacts", "report.json"))
	if err != nil {
		return err
	}
	r, err := before.With(last)
	if err != nil {
		return err
	}
	page, err := os.ReadFile(repo.Path("docs", "operations.md"))
	if err != nil {
		return err
	}
	rendered, err := report.Render(string(page), r)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(last.Scenarios, func(s report.Scenario) bool { return s.Name == pictured }) {
		picture, err := os.ReadFile(repo.Path("artifacts", "timelines", pictured+".svg"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(repo.Path("docs", "faults.svg"), picture, 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(repo.Path("docs", "operations.md"), []byte(rendered), 0o644); err != nil {
		return err
	}
	return r.Write(repo.Path("docs", "report.json"))
}
