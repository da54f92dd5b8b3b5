package templatestests

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentcube-mtls/internal/gomod"
	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/chart"
	"agentcube-mtls/templates-tests/generate"
	"agentcube-mtls/templates-tests/openapi"
)

// conformVersions are the oldest Kubernetes that is supported, the first with native sidecars, and
// the newest that there is: each with the module in which its version is pinned. Between the last
// two is the one whose API server other tests run.
var conformVersions = map[string]string{
	"1.28": "internal/components/kubernetes-1.28",
	"1.29": "internal/tools/kubernetes-1.29",
	"1.37": "internal/components/kubernetes-1.37",
}

// Manifests conform to the API of each Kubernetes.
func TestConformity(t *testing.T) {
	t.Parallel()
	root := repo.Path()
	kubeconform, err := generate.Tool(t.Context(), root, "kubeconform", "kubeconform")
	require.NoError(t, err)

	for version, dir := range conformVersions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			kubernetes, err := gomod.Find(t.Context(), filepath.Join(root, dir), "k8s.io/kubernetes")
			require.NoError(t, err)
			require.Contains(t, kubernetes.Version, "v"+version)

			schemas, manifests := t.TempDir(), t.TempDir()
			require.NoError(t, openapi.Write(filepath.Join(kubernetes.Dir, "api/openapi-spec/swagger.json"), schemas))
			for name, given := range conformSamples(t) {
				rendered, err := chart.Release{Kubernetes: kubernetes.Version, Values: given}.Render()
				require.NoError(t, err, name)
				for path, manifest := range rendered {
					if strings.HasSuffix(path, ".yaml") {
						file := filepath.Join(manifests, name+"-"+strings.ReplaceAll(path, "/", "-"))
						require.NoError(t, os.WriteFile(file, []byte(manifest), 0o644))
					}
				}
			}
			report, err := generate.Run(t.Context(), root, kubeconform, "-schema-location", filepath.Join(schemas, openapi.Location),
				"-skip", "ClusterSPIFFEID,PodMonitor", "-summary", "-output=json", manifests)
			require.NoError(t, err, "%s", report)
			var found struct {
				Summary struct{ Valid, Invalid, Errors int }
			}
			require.NoError(t, json.Unmarshal(report, &found))
			assert.Greater(t, found.Summary.Valid, 100)
			assert.Zero(t, found.Summary.Invalid+found.Summary.Errors, "%s", report)
		})
	}
}

// conformSamples are the shipped values files, and some of the drawn settings.
func conformSamples(t testing.TB) map[string]map[string]any {
	t.Helper()
	samples := map[string]map[string]any{}
	for name, content := range examples(t) {
		samples[name] = values(t, content)
	}
	for i := range uint64(10) {
		samples["drawn-"+string(rune('a'+i))] = draw(t, rand.New(rand.NewPCG(2, i))).release.Values
	}
	return samples
}
