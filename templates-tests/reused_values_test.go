package templatestests

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
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

// TestStoredValueBlocksNoUpgrade uses helm's own upgrades: if a user sets a key to null, or a list
// to an empty text, once or twice, the next upgrade with --reuse-values is not rejected because of
// it.
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
	var accepted acceptedValues
	for name, values := range set {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reuse := storeRelease(t)
			for _, given := range []map[string]any{values, values, {}, {}} {
				accepted.require(t, reuse(given))
			}
		})
	}
}

// storeRelease puts a release of the chart into helm's memory, and returns what upgrades it there
// with --reuse-values, and says what helm renders for it.
func storeRelease(t *testing.T) (reuse func(given map[string]any) chart.Release) {
	t.Helper()
	helm := &action.Configuration{
		Releases: storage.Init(driver.NewMemory()), KubeClient: &kubefake.PrintingKubeClient{Out: io.Discard}, Capabilities: chartutil.DefaultCapabilities,
		Log: func(string, ...any) {},
	}
	require.NoError(t, helm.Releases.Create(&release.Release{
		Name: "agentcube", Namespace: "agentcube", Version: 1, Info: &release.Info{Status: release.StatusDeployed}, Chart: withValues(chart.Base().Values), Config: values(t, spire),
	}))
	return func(given map[string]any) chart.Release {
		upgrade := action.NewUpgrade(helm)
		upgrade.Namespace, upgrade.ReuseValues = "agentcube", true
		upgraded, err := upgrade.Run("agentcube", withValues(chart.Base().Values), clone(given))
		require.NoError(t, err)
		return chart.Release{Upgrade: true, ReusedValues: clone(upgraded.Chart.Values), Values: clone(upgraded.Config)}
	}
}

// withValues returns a chart of nothing but values, for one upgrade, which writes into them.
func withValues(values map[string]any) *helmchart.Chart {
	return &helmchart.Chart{Metadata: &helmchart.Metadata{Name: "agentcube", Version: "1.0.0"}, Values: clone(values)}
}

func clone(values map[string]any) map[string]any {
	return (&unstructured.Unstructured{Object: values}).DeepCopy().Object
}

// acceptedValues are values that the chart accepts, as JSON.
type acceptedValues struct{ sync.Map }

// require renders the release, unless one was rendered with the same values before.
func (a *acceptedValues) require(t *testing.T, release chart.Release) {
	t.Helper()
	merged, err := chartutil.CoalesceValues(withValues(release.ReusedValues), release.Values)
	require.NoError(t, err)
	text, err := json.Marshal(merged)
	require.NoError(t, err)
	if _, found := a.Load(string(text)); found {
		return
	}
	_, err = release.Render()
	require.NoError(t, err)
	a.Store(string(text), true)
}
