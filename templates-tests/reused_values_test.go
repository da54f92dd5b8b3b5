package templatestests

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"agentcube-mtls/templates-tests/chart"
)

// TestStoredValueBlocksNoUpgrade goes through helm's own upgrades: whatever key a user sets to
// null, or list to an empty text, once or again, the next upgrade with --reuse-values is not
// rejected for it.
func TestStoredValueBlocksNoUpgrade(t *testing.T) {
	t.Parallel()
	set := map[string]map[string]any{}
	for _, path := range keys("", chart.Base().Values) {
		if path != "redis" && path != "redis.addr" && !strings.HasSuffix(path, requiredByKubernetes) { // without the first two the chart has no store
			set[path+"=null"] = nested(path, nil)
		}
	}
	for path, value := range leaves("", chart.Base().Values) {
		if _, isList := value.([]any); isList {
			set[path+"={}"] = nested(path, []any{""})
		}
	}
	require.Greater(t, len(set), 150)
	for name, values := range set {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			upgrade := newStoredRelease(t)
			for _, given := range []map[string]any{values, values, {}, {}} {
				require.NoError(t, upgrade(given))
			}
		})
	}
}

// newStoredRelease puts a release of the chart into helm's memory, and returns what upgrades it
// there with --reuse-values.
func newStoredRelease(t *testing.T) func(given map[string]any) error {
	t.Helper()
	capabilities := *chartutil.DefaultCapabilities
	capabilities.APIVersions = append(append(chartutil.VersionSet{}, capabilities.APIVersions...), chart.SpireKinds...)
	capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.34.0", Major: "1", Minor: "34"}
	helm := &action.Configuration{
		Releases: storage.Init(driver.NewMemory()), KubeClient: &kubefake.PrintingKubeClient{Out: io.Discard}, Capabilities: &capabilities,
		Log: func(string, ...any) {},
	}
	require.NoError(t, helm.Releases.Create(&release.Release{
		Name: "agentcube", Namespace: "agentcube", Version: 1, Info: &release.Info{Status: release.StatusDeployed}, Chart: ownChart(), Config: values(t, spire),
	}))
	return func(given map[string]any) error {
		upgrade := action.NewUpgrade(helm)
		upgrade.Namespace, upgrade.ReuseValues, upgrade.SkipSchemaValidation = "agentcube", true, true
		upgraded, err := upgrade.Run("agentcube", ownChart(), (&unstructured.Unstructured{Object: given}).DeepCopy().Object)
		if err != nil {
			return err
		}
		checked, err := chartutil.CoalesceValues(upgraded.Chart, upgraded.Config)
		if err != nil {
			return err
		}
		return chart.CheckSchema(upgraded.Chart, checked)
	}
}

// ownChart returns the chart for one upgrade, which writes into the values of the chart that it is
// given.
func ownChart() *helmchart.Chart {
	loaded := chart.WithoutCRDs(chart.Base())
	loaded.Values = (&unstructured.Unstructured{Object: loaded.Values}).DeepCopy().Object
	return loaded
}
