package chart

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
)

// schemas are the compiled schemas, by their texts. Helm compiles a chart's schema for each render,
// which takes longer than the render itself.
var schemas sync.Map

// CheckSchema rejects what helm would: it gives the same schema to the same library.
func CheckSchema(loaded *chart.Chart, values chartutil.Values) error {
	if loaded.Schema == nil {
		return nil
	}
	compiled, found := schemas.Load(string(loaded.Schema))
	if !found {
		var err error
		if compiled, err = compile(loaded.Schema); err != nil {
			return fmt.Errorf("compiling the schema of the chart %s: %w", loaded.Name(), err)
		}
		schemas.Store(string(loaded.Schema), compiled)
	}
	return compiled.(*jsonschema.Schema).Validate(values.AsMap())
}

func compile(schema []byte) (*jsonschema.Schema, error) {
	const url = "file:///values.schema.json"
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(url, parsed); err != nil {
		return nil, err
	}
	return compiler.Compile(url)
}
