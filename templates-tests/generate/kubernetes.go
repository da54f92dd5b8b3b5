package generate

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"agentcube-mtls/internal/gomod"
)

// newestKubernetes is the module that pins the newest Kubernetes, which knows the fields of all.
const newestKubernetes = "internal/components/kubernetes-1.37"

// corev1 is what the names of Kubernetes' own types begin with.
const corev1 = "io.k8s.api.core.v1."

// kubernetes makes schemas of the types of Kubernetes' API, each once. Kubernetes drops what a type
// does not have, so that a typo would leave a pod without its limit; these schemas reject it.
type kubernetes struct {
	api   map[string]map[string]any // the types as Kubernetes describes them
	rules map[string]map[string]any // what only its code says of them, by type or type.field
	made  map[string]any            // the schemas of those that the values use
}

// newKubernetes reads the types of the newest Kubernetes.
func newKubernetes(ctx context.Context, root string, rules map[string]map[string]any) (*kubernetes, error) {
	var described struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := describeKubernetes(ctx, root, &described); err != nil {
		return nil, err
	}
	return &kubernetes{described.Definitions, rules, map[string]any{}}, nil
}

// describeKubernetes reads parts of the API description of the newest Kubernetes, as
// json.Unmarshal does.
func describeKubernetes(ctx context.Context, root string, parts any) error {
	module, err := gomod.Find(ctx, filepath.Join(root, newestKubernetes), "k8s.io/kubernetes")
	if err != nil {
		return fmt.Errorf("find Kubernetes: %w", err)
	}
	content, err := os.ReadFile(filepath.Join(module.Dir, "api/openapi-spec/swagger.json"))
	if err != nil {
		return fmt.Errorf("read Kubernetes' API description: %w", err)
	}
	if err := json.Unmarshal(content, parts); err != nil {
		return fmt.Errorf("parse Kubernetes' API description: %w", err)
	}
	return nil
}

// expand replaces the entry `kubernetes` of a schema by a reference to the type that it names. The
// type is the value's own or, of a list, that of its items.
func (k *kubernetes) expand(schema map[string]any) {
	name, found := schema["kubernetes"].(string)
	if !found {
		return
	}
	delete(schema, "kubernetes")
	reference := k.reference(corev1 + name)
	if schema["type"] == "array" {
		schema["items"] = notNull(reference)
	} else {
		schema["allOf"] = []any{reference}
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
	maps.Copy(schema, bounds[described["format"]])
	if fields, shaped := described["properties"].(map[string]any); shaped {
		properties := map[string]any{}
		for field, described := range fields {
			properties[field] = k.schemaOf(name+"."+field, described.(map[string]any))
		}
		schema["properties"] = properties
		schema["additionalProperties"] = false
	}
	if items, described := described["items"].(map[string]any); described {
		schema["items"] = notNull(k.schemaOf(name+".items", items))
	}
	if entries, described := described["additionalProperties"].(map[string]any); described {
		schema["additionalProperties"] = k.schemaOf(name+".additionalProperties", entries)
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

// bounds are those of Kubernetes' numbers, or of what templates, to which a number is a
// floating-point one, can tell apart.
var bounds = map[any]map[string]any{
	"int32": {"minimum": math.MinInt32, "maximum": math.MaxInt32},
	"int64": {"minimum": -(1<<53 - 1), "maximum": 1<<53 - 1},
}

// requireValues takes null from the types of the fields that must be there, or of which some must.
func requireValues(schema map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, rules := range []any{schema, schema["then"]} {
		rules, _ := rules.(map[string]any)
		alternatives, _ := rules["oneOf"].([]any)
		for _, alternative := range alternatives {
			required = slices.Concat(required, alternative.(map[string]any)["required"].([]any))
		}
	}
	for field, property := range properties {
		if property, described := property.(map[string]any); described && (schema["minProperties"] != nil || slices.Contains(required, any(field))) {
			properties[field] = notNull(property)
		}
	}
}

// notNull takes null from the types of a schema.
func notNull(schema map[string]any) map[string]any {
	if schema["$ref"] != nil {
		return map[string]any{"type": "object", "allOf": []any{schema}}
	}
	if types, several := schema["type"].([]any); several {
		schema["type"] = slices.DeleteFunc(slices.Clone(types), func(kind any) bool { return kind == "null" })
	}
	return schema
}
