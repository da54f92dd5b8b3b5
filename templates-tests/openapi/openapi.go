package openapi

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Location is where kubeconform finds the schemas that Write puts into a folder.
const Location = "{{.ResourceKind}}{{.KindSuffix}}.json"

type definition = map[string]any

// Write makes a schema of every kind in the swagger file.
func Write(swagger, dir string) error {
	content, err := os.ReadFile(swagger)
	if err != nil {
		return fmt.Errorf("reading Kubernetes' API description: %w", err)
	}
	var api struct {
		Definitions map[string]definition `json:"definitions"`
	}
	if err := json.Unmarshal(content, &api); err != nil {
		return fmt.Errorf("parsing %s: %w", swagger, err)
	}
	for name, d := range api.Definitions {
		tighten(name, d)
	}
	definitions, err := json.Marshal(map[string]any{"definitions": api.Definitions})
	if err != nil {
		return fmt.Errorf("writing the definitions: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "definitions.json"), definitions, 0o644); err != nil {
		return fmt.Errorf("writing the definitions: %w", err)
	}
	for name, d := range api.Definitions {
		if err := writeKinds(name, d, dir); err != nil {
			return err
		}
	}
	return nil
}

// writeKinds makes the file of each group, version and kind that a definition is for.
func writeKinds(name string, d definition, dir string) error {
	kinds, _ := d["x-kubernetes-group-version-kind"].([]any)
	for _, kind := range kinds {
		of := kind.(map[string]any)
		group, _, _ := strings.Cut(of["group"].(string), ".")
		file := fmt.Sprintf("%s-%s-%s.json", strings.ToLower(of["kind"].(string)), group, of["version"])
		if group == "" {
			file = fmt.Sprintf("%s-%s.json", strings.ToLower(of["kind"].(string)), of["version"])
		}
		schema := fmt.Sprintf(`{"$ref": "file://%s/definitions.json#/definitions/%s"}`, dir, name)
		if err := os.WriteFile(filepath.Join(dir, file), []byte(schema), 0o644); err != nil {
			return fmt.Errorf("writing the schema of %s: %w", name, err)
		}
	}
	return nil
}

// tighten refuses fields that a type does not have, as the API server does of strict clients, and
// says in JSON schema's words what the description leaves to Kubernetes.
func tighten(name string, d definition) {
	switch name {
	case "io.k8s.apimachinery.pkg.util.intstr.IntOrString", "io.k8s.apimachinery.pkg.api.resource.Quantity":
		delete(d, "format")
		d["type"] = []string{"string", "integer", "number"}
	}
	if _, shaped := d["properties"]; shaped {
		d["additionalProperties"] = false
	}
	delete(d, "format")
}
