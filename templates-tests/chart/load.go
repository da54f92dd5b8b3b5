package chart

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"agentcube-mtls/internal/repo"
)

// Base is the AgentCube chart.
var Base = sync.OnceValue(func() *chart.Chart { return mustLoad("charts/base") })

// SpireCRDs is the chart with SPIRE's CustomResourceDefinitions.
var SpireCRDs = sync.OnceValue(func() *chart.Chart { return mustLoad("charts/spire-crds") })

// WithoutCRDs returns a copy of a chart without the CRDs in its folder crds. Helm uses these only
// in installs; in upgrades it would only compress them into its records, which takes long.
func WithoutCRDs(loaded *chart.Chart) *chart.Chart {
	without := *loaded
	without.Files = slices.DeleteFunc(slices.Clone(loaded.Files), func(file *chart.File) bool {
		return strings.HasPrefix(file.Name, "crds/")
	})
	return &without
}

// mustLoad panics, because without its charts no test here means anything.
func mustLoad(path string) *chart.Chart {
	loaded, err := loader.LoadDir(repo.Path(path))
	if err != nil {
		panic(fmt.Errorf("loading %s: %w", path, err))
	}
	return loaded
}
