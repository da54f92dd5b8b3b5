package generate

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"agentcube-mtls/internal/gomod"
)

// newestKubernetes is the module that pins the newest Kubernetes, which knows the fields of all.
const newestKubernetes = "internal/tools/kubernetes-1.37"

// corev1 is what the names of Kubernetes' own types begin with.
const corev1 = "io.k8s.api.core.v1."

// kubernetes makes schemas of the types of Kubernetes' API, each once. Kubernetes drops what a type
// does not have, so that a typo would leave a pod without its limit; these schemas reject it.
type kubernetes struct {
	api   map[string]map[string]any // the types as Kubernetes describes them
	rules map[string]map[string]any // what only its code says of them, by type or type.field
	made  map[string]any            // the schemas of those that the values use
}

// newKubernetes reads the API description of the newest Kubernetes.
func newKubernetes(ctx context.Context, root string, rules map[string]map[string]any) (*kubernetes, error) {
	module, err := gomod.Find(ctx, filepath.Join(root, newestKubernetes), "k8s.io/kubernetes")
	if err != nil {
		return nil, fmt.Errorf("find Kubernetes: %w", err)
	}
	content, err := os.ReadFile(filepath.Join(module.Dir, "api/openapi-spec/swagger.json"))
	if err != nil {
		return nil, fmt.Errorf("read Kubernetes' API description: %w", err)
	}
	var described struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(content, &described); err != nil {
		return nil, fmt.Errorf("parse Kubernetes' API description: %w", err)
	}
	return &kubernetes{described.Definitions, rules, map[string]any{}}, nil
}

// expand replaces the entry `kubernetes` of a schema by a reference to the type that it names. The
// type is the value's own or, of a list, that of its items.
func (k *kubernetes) expand(schema map[string]any) {
	name, found := schema["kubernetes"].(string)
	if !found {
		return
	}
	delete(schema, "kubernetes")
	reference := []any{k.reference(corev1 + name)}
	if schema["type"] == "array" {
		schema["items"] = map[string]any{"type": "object", "allOf": reference}
	} else {
		schema["allOf"] = reference
	}
}

// reference returns a reference to the schema of a type, and makes that schema if it is not made.
func (k *kubernetes) reference(described string) map[string]any {
	name := described[strings.LastIndex(described, ".")+1:]
	if _, done := k.made[name]; !done {
		k.made[name] = nil // types may hold themselves
		k.made[name] = k.schemaOf(name, k.api[described])
	}
	return map[string]any{"$ref": "#/definitions/" + name}
}

// schemaOf returns the schema of a type, or of a field in the form type.field.
func (k *kubernetes) schemaOf(name string, described map[string]any) map[string]any {
	if reference, isReference := described["$ref"].(string); isReference {
		referred := strings.TrimPrefix(reference, "#/definitions/")
		if k.rules[name] == nil {
			return k.reference(referred)
		}
		described = map[string]any{"required": k.api[referred]["required"]}
	}
	schema := map[string]any{"type": described["type"]}
	if fields, shaped := described["properties"].(map[string]any); shaped {
		properties := map[string]any{}
		for field, described := range fields {
			properties[field] = k.schemaOf(name+"."+field, described.(map[string]any))
		}
		schema["properties"] = properties
		schema["additionalProperties"] = false
	}
	for _, below := range []string{"items", "additionalProperties"} {
		if inner, described := described[below].(map[string]any); described {
			schema[below] = k.schemaOf(name+"."+below, inner)
			if reference, isReference := schema[below].(map[string]any)["$ref"]; isReference && below == "items" {
				schema[below] = present(reference)
			}
		}
	}
	if required, some := described["required"].([]any); some {
		schema["required"] = required
	}
	maps.Copy(schema, k.rules[name])
	schema["type"] = withType(schema["type"], "null") // as if it were not there
	requireValues(schema)
	if values, limited := schema["enum"].([]any); limited {
		schema["enum"] = append(slices.Clone(values), nil)
	}
	return schema
}

// requireValues takes null from the types of the fields that must be there.
func requireValues(schema map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, field := range required {
		property, _ := properties[field.(string)].(map[string]any)
		if reference, isReference := property["$ref"]; isReference {
			properties[field.(string)] = present(reference)
		}
		if types, several := property["type"].([]any); several {
			property["type"] = slices.DeleteFunc(slices.Clone(types), func(kind any) bool { return kind == "null" })
		}
	}
}

// present returns a schema of the type, which admits null, for where it must be there.
func present(reference any) map[string]any {
	return map[string]any{"type": "object", "allOf": []any{map[string]any{"$ref": reference}}}
}
