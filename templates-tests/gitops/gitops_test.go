package gitops_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/guide"
	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/apiserver"
)

const page = "docs/gitops.md"

func TestGuide(t *testing.T) {
	t.Parallel()
	server := apiserver.ForTest(t)
	kubernetes, err := components.Kubernetes.Build(t.Context())
	require.NoError(t, err)
	helm, err := images.Helm(t.Context())
	require.NoError(t, err)

	read, err := guide.Read(repo.Path(page), page)
	require.NoError(t, err)
	home := t.TempDir()
	runner := guide.Runner{Dir: repo.Path(), Log: t.Logf, Env: []string{
		"PATH=" + kubernetes + ":" + filepath.Dir(helm) + ":" + os.Getenv("PATH"), "KUBECONFIG=" + server.Kubeconfig,
		"HELM_CACHE_HOME=" + home, "HELM_CONFIG_HOME=" + home, "HELM_DATA_HOME=" + home, "KUBECACHEDIR=" + home,
	}}
	require.NoError(t, runner.Follow(t.Context(), read))
}
