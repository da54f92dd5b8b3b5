package generate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// Defaults makes files/defaults.json, which templates lay under the values of an older release. As JSON, since it is read in
// every render and reading YAML takes many times as long.
func Defaults(root string) (Files, error) {
	values, err := os.ReadFile(filepath.Join(root, "charts/base/values.yaml"))
	if err != nil {
		return nil, fmt.Errorf("read the defaults: %w", err)
	}
	compact, err := yaml.YAMLToJSON(values)
	if err != nil {
		return nil, fmt.Errorf("parse values.yaml: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", "  "); err != nil {
		return nil, fmt.Errorf("indent the defaults: %w", err)
	}
	out.WriteByte('\n')
	return Files{"charts/base/files/defaults.json": out.Bytes()}, nil
}
