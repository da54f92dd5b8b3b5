package e2e

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/command"
	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/generate"
)

// TestChartTestingInstallsTheChart lets chart-testing install and test the chart with each file in
// its folder ci, as CI jobs do.
func TestChartTestingInstallsTheChart(t *testing.T) {
	ctx := start(t)
	ct, err := generate.Tool(repo.Path(), "chart-testing", "ct")
	require.NoError(t, err)
	files, err := filepath.Glob(repo.Path("charts", "base", "ci", "*-values.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	rolling.Lock()
	defer rolling.Unlock()
	output, err := command.New(ct, "install", "--config=ct.yaml", "--charts=charts/base", "--helm-extra-args=--timeout=5m").In(repo.Path()).
		With("KUBECONFIG=" + suite.kubeconfig).Output(ctx)
	require.NoError(t, err)
	for _, file := range files {
		assert.Contains(t, output, filepath.Base(file))
	}
}
