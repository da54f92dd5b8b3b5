package generate

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed rules.yaml
var rulesYAML []byte

// free are maps with content that is the user's to shape, though a default shapes it first.
var free = regexp.MustCompile(`^(resources|.*[sS]ecurityContext)$`)

// enabled is the condition by which an umbrella chart has this one as a dependency. Helm hands it
// down where it is true, and leaves the chart out where it is false.
var enabled = map[string]any{"const": true, "description": "Condition of an umbrella chart"}

// Schema makes values.schema.json: types from the defaults, descriptions from their comments, the
// rest from rules.yaml. What the defaults shape is closed to other keys, so that a typo is an
// error.
func Schema(ctx context.Context, root string) (Files, error) {
	content, err := os.ReadFile(filepath.Join(root, "charts/base/values.yaml"))
	if err != nil {
		return nil, fmt.Errorf("read the defaults: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, fmt.Errorf("parse values.yaml: %w", err)
	}
	var rules struct {
		Values     map[string]map[string]any
		Kubernetes map[string]map[string]any
		Settings   map[string]map[string]any
	}
	if err := yaml.Unmarshal(rulesYAML, &rules); err != nil {
		return nil, fmt.Errorf("parse rules.yaml: %w", err)
	}
	types, err := newKubernetes(ctx, root, rules.Kubernetes)
	if err != nil {
		return nil, err
	}

	schema := schemaOf(document.Content[0], nil, rules.Values, types)
	schema["properties"].(map[string]any)["enabled"] = enabled
	if err := addSettings(ctx, root, schema, rules.Settings); err != nil {
		return nil, err
	}
	schema["definitions"] = types.made
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = "Values of the AgentCube chart"
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return Files{"charts/base/values.schema.json": out.Bytes()}, nil
}

func schemaOf(node *yaml.Node, path []string, rules map[string]map[string]any, types *kubernetes) map[string]any {
	schema := map[string]any{"type": typeOf(node)}
	if isSection(node, path) {
		properties := map[string]any{}
		for i := 0; i < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			property := schemaOf(value, append(slices.Clip(path), key.Value), rules, types)
			if text := description(key); text != "" {
				property["description"] = text
			}
			properties[key.Value] = property
		}
		schema["properties"] = properties
		schema["additionalProperties"] = false
	}
	for _, rule := range rulePaths(path) {
		maps.Copy(schema, rules[rule])
	}
	types.expand(schema)
	if len(path) > 0 {
		admitEmpty(schema)
	}
	return schema
}

// admitEmpty lets a value be null, and the entries of a list be "". Helm stores the one for `--set
// key=null` and the other for `--set key={}`, and a stored value that the schema rejected would
// block every later upgrade. The templates take both for the default.
func admitEmpty(schema map[string]any) {
	schema["type"] = withType(schema["type"], "null")
	if values, limited := schema["enum"].([]any); limited {
		schema["enum"] = append(slices.Clone(values), nil)
	}
	if items, described := schema["items"]; described {
		schema["items"] = map[string]any{"if": map[string]any{"const": ""}, "else": items}
	}
}

// withType returns the types of a schema, which are one or a list, and one more.
func withType(types any, more string) []any {
	if several, ok := types.([]any); ok {
		return append(slices.Clone(several), more)
	}
	return []any{types, more}
}

// isSection tells maps that the chart shapes from those that the user does.
func isSection(node *yaml.Node, path []string) bool {
	return node.Kind == yaml.MappingNode && len(node.Content) > 0 && (len(path) == 0 || !free.MatchString(path[len(path)-1]))
}

// rulePaths are the keys in rules.yaml that hold for a path, the narrowest last.
func rulePaths(path []string) []string {
	if len(path) == 0 {
		return nil
	}
	paths := []string{path[len(path)-1]}
	for i := range path {
		starred := append([]string{}, path...)
		starred[i] = "*"
		paths = append(paths, strings.Join(starred, "."))
	}
	return append(paths, strings.Join(path, "."))
}

func typeOf(node *yaml.Node) string {
	switch {
	case node.Kind == yaml.MappingNode:
		return "object"
	case node.Kind == yaml.SequenceNode:
		return "array"
	case node.Tag == "!!int":
		return "integer"
	case node.Tag == "!!bool":
		return "boolean"
	default:
		return "string"
	}
}

// description is what follows `# --` above a key, as helm-docs reads it.
func description(key *yaml.Node) string {
	_, text, found := strings.Cut(key.HeadComment, "# -- ")
	if !found {
		return ""
	}
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "#"))
		if !strings.HasPrefix(line, "@") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " ")
}
