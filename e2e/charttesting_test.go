package e2e

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/generate"
)

var chartTesting = suite.Scenario{
	Name:        "chart-testing",
	Description: "chart-testing installs and tests the chart with each file in its folder ci, as CI jobs do, and the helm of make up renders the chart without a cluster.",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		_, err := suite.Env.Helm.Run(ctx, "template", "any", suite.Chart, "--values", repo.Path("values", "kind.yaml"))
		require.NoError(t, err)
		ct, err := generate.Tool(ctx, repo.Path(), "chart-testing", "ct")
		require.NoError(t, err)
		files, err := filepath.Glob(repo.Path("charts", "base", "ci", "*-values.yaml"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		suite.Rolling.Lock()
		defer suite.Rolling.Unlock()
		output, err := command.New(ct, "install", "--config=ct.yaml", "--charts=charts/base", "--helm-extra-args=--timeout=5m").In(repo.Path()).
			With("KUBECONFIG=" + suite.Env.Kubeconfig).Output(ctx)
		require.NoError(t, err)
		for _, file := range files {
			assert.Contains(t, output, filepath.Base(file))
		}
	},
}
