package generate

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Tool builds a program of the module internal/tools/<module>, which Go caches, and returns where
// it is.
func Tool(ctx context.Context, root, module, name string) (string, error) {
	out, err := Run(ctx, filepath.Join(root, "internal/tools", module), "go", "tool", "-n", name)
	if err != nil {
		return "", fmt.Errorf("build %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Run returns what a program prints; its error holds what the program complained of.
func Run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, stderr.Bytes())
	}
	return out, nil
}
