package generate

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// Files maps paths, relative to the repository, to what they must hold.
type Files map[string][]byte

// All makes every generated file of the repository at root.
func All(ctx context.Context, root string) (Files, error) {
	files := Files{}
	for _, one := range []func(context.Context, string) (Files, error){Defaults, Schema, Resources, CRDs, Changes, README} {
		made, err := one(ctx, root)
		if err != nil {
			return nil, err
		}
		maps.Copy(files, made)
	}
	return files, nil
}

// Write puts the files into the repository at root.
func (f Files) Write(root string) error {
	for path, content := range f {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return fmt.Errorf("make the folder of %s: %w", path, err)
		}
		if err := os.WriteFile(full, content, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return nil
}
