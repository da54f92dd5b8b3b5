package chart

import (
	"fmt"
	"sync"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"agentcube-mtls/e2e/repo"
)

// Base is the AgentCube chart.
var Base = sync.OnceValue(func() *chart.Chart { return mustLoad("charts/base") })

// SpireCRDs is the chart with SPIRE's CustomResourceDefinitions.
var SpireCRDs = sync.OnceValue(func() *chart.Chart { return mustLoad("charts/spire-crds") })

// mustLoad panics, since without its charts no test here says anything.
func mustLoad(path string) *chart.Chart {
	loaded, err := loader.LoadDir(repo.Path(path))
	if err != nil {
		panic(fmt.Errorf("load %s: %w", path, err))
	}
	return loaded
}
