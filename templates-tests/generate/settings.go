package generate

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"agentcube-mtls/internal/gomod"
)

// settings makes schemas of a block of SPIRE's configuration. SPIRE reads it into Go structs, which
// are in one file with the code that parses durations.
type settings struct {
	structs   map[string]*ast.StructType
	durations []string // the fields that are parsed as such
	rules     map[string]map[string]any
}

var parsedDuration = regexp.MustCompile(`time\.ParseDuration\(\*?c\.[\w.]*?(\w+)\)`)

// addSettings adds to the schema of the values what the pinned SPIRE says of extraConfig. The types
// of known settings hold for each version. The rules, and that there are no other settings, hold for
// the pinned one only.
func addSettings(ctx context.Context, root string, schema map[string]any, rules map[string]map[string]any) error {
	module, err := gomod.Find(ctx, filepath.Join(root, "internal/components/spire"), "github.com/spiffe/spire")
	if err != nil {
		return fmt.Errorf("find SPIRE: %w", err)
	}
	for _, program := range []string{"server", "agent"} {
		read, err := readSettings(filepath.Join(module.Dir, "cmd/spire-"+program+"/cli/run/run.go"))
		if err != nil {
			return fmt.Errorf("read the settings of the SPIRE %s: %w", program, err)
		}
		read.rules = rules
		section := property(property(schema, "spire"), program)
		given := property(section, "extraConfig")
		given["allOf"] = append(given["allOf"].([]any), read.block(program+"Config", false))
		section["if"] = map[string]any{"properties": map[string]any{"image": map[string]any{"properties": map[string]any{
			"tag": map[string]any{"const": strings.TrimPrefix(module.Version, "v")}, "digest": map[string]any{"const": ""},
		}}}}
		section["then"] = map[string]any{"properties": map[string]any{"extraConfig": read.block(program+"Config", true)}}
	}
	return nil
}

func property(schema map[string]any, key string) map[string]any {
	return schema["properties"].(map[string]any)[key].(map[string]any)
}

func readSettings(path string) (settings, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return settings{}, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, source, 0)
	if err != nil {
		return settings{}, err
	}
	read := settings{structs: map[string]*ast.StructType{}}
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, is := node.(*ast.TypeSpec); is {
			if described, is := spec.Type.(*ast.StructType); is {
				read.structs[spec.Name.Name] = described
			}
		}
		return true
	})
	for _, match := range parsedDuration.FindAllSubmatch(source, -1) {
		read.durations = append(read.durations, string(match[1]))
	}
	return read, nil
}

// block returns the schema of a struct: either of its settings, or that there are no others.
func (s settings) block(name string, closed bool) map[string]any {
	properties := map[string]any{}
	for _, field := range s.structs[name].Fields.List {
		if field.Tag == nil {
			continue
		}
		setting := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("hcl")
		if setting == "-" || strings.HasPrefix(setting, ",") {
			continue
		}
		value := maps.Clone(s.value(field.Type, closed))
		if closed {
			maps.Copy(value, s.rules[setting])
		}
		properties[setting] = value
		if !closed && slices.Contains(s.durations, field.Names[0].Name) {
			properties[setting] = map[string]any{"type": []string{"string", "null"}, "pattern": duration}
		}
	}
	if closed {
		block := map[string]any{"properties": properties, "additionalProperties": false}
		maps.Copy(block, s.rules[name])
		return block
	}
	// HCL takes a list of maps for several blocks, of which SPIRE has one only
	return map[string]any{
		"properties": properties, "type": []string{"object", "array", "null"},
		"if": map[string]any{"type": "array"}, "then": map[string]any{"const": "a map, since SPIRE takes one such block: remove the dash or the brackets of a list"},
	}
}

const duration = `^(?<nothing_or_a_duration_as_in_1h30m>|([0-9]+([.][0-9]*)?(ns|us|ms|s|m|h))+)$`

// value returns the schema of a Go type as HCL reads it. That of a type from elsewhere is empty.
func (s settings) value(of ast.Expr, closed bool) map[string]any {
	switch of := of.(type) {
	case *ast.StarExpr:
		return s.value(of.X, closed)
	case *ast.MapType:
		return map[string]any{"additionalProperties": s.value(of.Value, closed)}
	case *ast.ArrayType:
		if !closed {
			return map[string]any{"type": []string{"array", "null"}, "items": literals[of.Elt.(*ast.Ident).Name]}
		}
	case *ast.Ident:
		if s.structs[of.Name] != nil {
			return s.block(of.Name, closed)
		}
		if !closed {
			return literals[of.Name]
		}
	}
	return map[string]any{}
}

// literals are what HCL takes for a Go type. It makes a text of a number, and a number of a text.
var literals = map[string]map[string]any{
	"string": {"type": []string{"string", "integer", "null"}},
	"bool":   {"type": []string{"boolean", "null"}},
	"int":    {"type": []string{"integer", "string", "null"}, "pattern": "^(?<whole_number>-?[0-9]+)$"},
}
