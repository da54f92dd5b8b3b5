package generate

import (
	"context"
	"fmt"
	"path/filepath"
)

// README makes the chart's README from README.md.gotmpl and the comments in values.yaml.
func README(ctx context.Context, root string) (Files, error) {
	tool, err := Tool(ctx, root, "helm-docs", "helm-docs")
	if err != nil {
		return nil, err
	}
	out, err := Run(ctx, filepath.Join(root, "charts/base"), tool, "--dry-run", "--log-level=error")
	if err != nil {
		return nil, fmt.Errorf("document the values: %w", err)
	}
	return Files{"charts/base/README.md": out}, nil
}
