package templatestests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"sigs.k8s.io/yaml"

	"agentcube-mtls/internal/components"
	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/chart"
)

// Images have the versions that the harness builds.
func TestImageVersions(t *testing.T) {
	t.Parallel()
	for component, module := range map[string]string{
		"server":            "github.com/spiffe/spire",
		"agent":             "github.com/spiffe/spire",
		"spiffeHelper":      "github.com/spiffe/spiffe-helper",
		"controllerManager": "github.com/spiffe/spire-controller-manager",
	} {
		assert.Equal(t, builtVersion(t, module), tag(t, "spire", component), "spire.%s.image.tag", component)
	}
	assert.Equal(t, builtVersion(t, "github.com/spiffe/spire-controller-manager"), chart.SpireCRDs().Metadata.AppVersion,
		"the CRDs are those of the controller manager that reads them")
}

// The workflow runs every cluster of the matrix.
func TestWorkflowMatrix(t *testing.T) {
	t.Parallel()
	minors, err := components.KubernetesMinors()
	require.NoError(t, err)
	var workflow struct {
		Jobs struct {
			E2E struct {
				Strategy struct{ Matrix struct{ Cluster []string } }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, ".github/workflows/matrix.yaml")), &workflow))
	expected := []string{"ipv6", "dual"}
	for _, minor := range minors {
		expected = append(expected, "kubernetes-"+minor)
	}
	assert.ElementsMatch(t, expected, workflow.Jobs.E2E.Strategy.Matrix.Cluster)
	for _, loaded := range []*helmchart.Chart{chart.Base(), chart.SpireCRDs()} {
		assert.Equal(t, ">="+minors[0]+".0-0", loaded.Metadata.KubeVersion, loaded.Name())
	}
}

// TestDocsNameTheVersions: the oldest Helm, which tests run, and those of the charts.
func TestDocsNameTheVersions(t *testing.T) {
	t.Parallel()
	oldest, err := components.OldestHelm.Version()
	require.NoError(t, err)
	for page, texts := range map[string][]string{
		"docs/getting-started.md": {"Helm " + strings.TrimPrefix(semver.MajorMinor(oldest), "v") + " or later"},
		"docs/gitops.md": {
			"chart: agentcube\n      targetRevision: " + chart.Base().Metadata.Version, "chart: agentcube\n      version: " + chart.Base().Metadata.Version,
			"chart: spire-crds\n      targetRevision: " + chart.SpireCRDs().Metadata.Version, "chart: spire-crds\n      version: " + chart.SpireCRDs().Metadata.Version,
		},
	} {
		content, err := os.ReadFile(repo.Path(page))
		require.NoError(t, err)
		for _, text := range texts {
			assert.Contains(t, string(content), text, page)
		}
	}
}

// builtVersion is the version of a module in internal/components, in the form of an image's tag.
func builtVersion(t *testing.T, module string) string {
	t.Helper()
	root := repo.Path()
	path := filepath.Join(root, "internal/components", filepath.Base(module), "go.mod")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	parsed, err := modfile.Parse(path, content, nil)
	require.NoError(t, err)
	for _, required := range parsed.Require {
		if required.Mod.Path == module {
			return strings.TrimPrefix(required.Mod.Version, "v")
		}
	}
	require.FailNowf(t, "module not built", "%s does not require %s", path, module)
	return ""
}
