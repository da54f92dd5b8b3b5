package generate

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"sigs.k8s.io/yaml"
)

// whole is a default that a template takes, or leaves for the user's, as one piece.
type whole struct {
	Section []string `json:"section"`
	Key     string   `json:"key"`
	Default any      `json:"default"`
}

// Defaults makes files/defaults.json, which templates lay under the values of an older release. As
// JSON, since it is read in every render and reading YAML takes many times as long. Maps that are
// the user's to shape stand aside, because templates can merge the rest in one step.
func Defaults(_ context.Context, root string) (Files, error) {
	content, err := os.ReadFile(filepath.Join(root, "charts/base/values.yaml"))
	if err != nil {
		return nil, fmt.Errorf("read the defaults: %w", err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(content, &values); err != nil {
		return nil, fmt.Errorf("parse values.yaml: %w", err)
	}
	out, err := json.MarshalIndent(map[string]any{"whole": setAside(values, nil), "merged": values}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the defaults: %w", err)
	}
	return Files{"charts/base/files/defaults.json": append(out, '\n')}, nil
}

// setAside takes the free maps out of a section and of those in it.
func setAside(section map[string]any, path []string) []whole {
	var aside []whole
	for _, key := range slices.Sorted(maps.Keys(section)) {
		inner, isMap := section[key].(map[string]any)
		switch {
		case isMap && free.MatchString(key):
			aside = append(aside, whole{path, key, inner})
			delete(section, key)
		case isMap:
			aside = append(aside, setAside(inner, append(slices.Clone(path), key))...)
		}
	}
	return aside
}
