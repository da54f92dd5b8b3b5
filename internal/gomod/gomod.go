// Package gomod finds the files of other projects' Go modules, which hold more than Go: charts,
// manifests, API descriptions.
package gomod

import (
	"context"
	"encoding/json"
	"fmt"

	"agentcube-mtls/internal/command"
)

// Module is a module in Go's cache.
type Module struct {
	Dir     string // the folder with its files
	Version string // such as v1.34.4
}

// Find returns a module in the version that the go.mod in the folder from requires. It is fetched
// if the cache does not have it: nothing need have been compiled from it before.
func Find(ctx context.Context, from, path string) (Module, error) {
	var found Module
	output, err := command.New("go", "mod", "download", "-json", path).In(from).Output(ctx)
	if err != nil {
		return found, err
	}
	if err := json.Unmarshal([]byte(output), &found); err != nil {
		return found, fmt.Errorf("finding the module %s: %w", path, err)
	}
	return found, nil
}
