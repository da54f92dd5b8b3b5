package images

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/repo"
)

// ID returns the identifier (sha256:…) of an image that the engine has.
func ID(ctx context.Context, image string) (string, error) {
	return command.New("docker", "image", "inspect", "--format", "{{.Id}}", image).Output(ctx)
}

// Has tells whether the engine has an image.
func Has(ctx context.Context, image string) bool {
	_, err := ID(ctx, image)
	return err == nil
}

// Archive saves an image of the engine to a file, once, and returns the file. Archives of earlier
// images of that name are removed.
func Archive(ctx context.Context, image string) (string, error) {
	unlock, err := repo.LockCache(ctx, "images")
	if err != nil {
		return "", err
	}
	defer unlock()
	id, err := ID(ctx, image)
	if err != nil {
		return "", err
	}
	dir, err := repo.Cache("archives", strings.NewReplacer("/", "_", ":", "_").Replace(image))
	if err != nil {
		return "", err
	}
	archive := filepath.Join(dir, strings.TrimPrefix(id, "sha256:")+".tar")
	if _, err := os.Stat(archive); err == nil {
		return archive, nil
	}
	old, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return "", err
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return "", err
		}
	}
	// An interrupted save must not look like an archive.
	partial := archive + ".partial"
	if err := Save(ctx, partial, image); err != nil {
		return "", err
	}
	return archive, os.Rename(partial, archive)
}

// Save writes images of the engine to one file, in which each layer is once.
func Save(ctx context.Context, file string, names ...string) error {
	if err := command.New(append([]string{"docker", "save", "--output", file}, names...)...).Run(ctx); err != nil {
		return fmt.Errorf("saving the images %s: %w", strings.Join(names, ", "), err)
	}
	return nil
}
