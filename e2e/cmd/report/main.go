// Command report renders the table and the picture of faults in docs/operations.md from the last
// run of the scenarios, and keeps the report beside them.
package main

import (
	"fmt"
	"os"

	"agentcube-mtls/e2e/report"
	"agentcube-mtls/internal/repo"
)

func main() {
	if err := update(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		fmt.Fprintln(os.Stderr, "Run all scenarios first: make test-e2e")
		os.Exit(1)
	}
}

func update() error {
	r, err := report.Read(repo.Path("artifacts", "report.json"))
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
	picture, err := os.ReadFile(repo.Path("artifacts", "timelines", "single-faults.svg"))
	if err != nil {
		return err
	}
	for path, content := range map[string][]byte{"operations.md": []byte(rendered), "faults.svg": picture} {
		if err := os.WriteFile(repo.Path("docs", path), content, 0o644); err != nil {
			return err
		}
	}
	return r.Write(repo.Path("docs", "report.json"))
}
