package templatestests

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"sigs.k8s.io/yaml"

	"agentcube-mtls/templates-tests/chart"
)

// Artifact Hub lists the CRDs that are installed.
func TestArtifactHubCRDs(t *testing.T) {
	t.Parallel()
	type crd struct{ Kind, Name, Version string }
	for _, of := range []*helmchart.Chart{chart.Base(), chart.SpireCRDs()} {
		var listed, installed []crd
		require.NoError(t, yaml.Unmarshal([]byte(of.Metadata.Annotations["artifacthub.io/crds"]), &listed))
		for _, file := range of.Raw {
			if !strings.Contains(string(file.Data), "\nkind: CustomResourceDefinition\n") {
				continue
			}
			var definition struct {
				Metadata struct{ Name string }
				Spec     struct {
					Names    struct{ Kind string }
					Versions []struct{ Name string }
				}
			}
			require.NoError(t, yaml.Unmarshal(file.Data, &definition), file.Name)
			for _, version := range definition.Spec.Versions {
				installed = append(installed, crd{definition.Spec.Names.Kind, definition.Metadata.Name, version.Name})
			}
		}
		assert.ElementsMatch(t, installed, listed, of.Name())
	}
}
