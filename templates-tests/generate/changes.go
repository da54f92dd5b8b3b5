package generate

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// change is an entry of the annotation artifacthub.io/changes.
type change struct {
	Kind        string `yaml:"kind"`
	Description string `yaml:"description"`
}

// Changes makes Chart.yaml, whose last annotation tells Artifact Hub what the newest section of the
// changelog says.
func Changes(_ context.Context, root string) (Files, error) {
	const path, annotation = "charts/base/Chart.yaml", "  artifacthub.io/changes: |\n"
	chart, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		return nil, fmt.Errorf("read the chart's metadata: %w", err)
	}
	log, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		return nil, fmt.Errorf("read the changelog: %w", err)
	}
	before, _, found := strings.Cut(string(chart), annotation)
	if !found {
		return nil, fmt.Errorf("%s has no line %q", path, annotation)
	}
	var list bytes.Buffer
	encoder := yaml.NewEncoder(&list)
	encoder.SetIndent(2)
	if err := encoder.Encode(newest(string(log))); err != nil {
		return nil, fmt.Errorf("write the changes: %w", err)
	}
	indented := strings.ReplaceAll("\n"+strings.TrimSpace(list.String()), "\n", "\n    ")
	return Files{path: []byte(before + annotation + indented[1:] + "\n")}, nil
}

// newest returns the entries of a changelog's newest section, in their order.
func newest(log string) []change {
	var changes []change
	_, section, _ := strings.Cut(log, "\n## ")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, part := range strings.Split(section, "\n### ")[1:] {
		kind, entries, _ := strings.Cut(part, "\n")
		for _, entry := range strings.Split(entries, "\n- ")[1:] {
			changes = append(changes, change{strings.ToLower(kind), strings.Join(strings.Fields(entry), " ")})
		}
	}
	return changes
}
