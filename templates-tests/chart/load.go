package chart

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
)

// Root is the folder with the repository's go.mod, seen from wherever in it the caller runs.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "ct.yaml")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("not inside the repository: no ct.yaml in any folder above")
}

// Base is the AgentCube chart.
var Base = sync.OnceValue(func() *chart.Chart { return mustLoad("charts/base") })

// SpireCRDs is the chart with SPIRE's CustomResourceDefinitions.
var SpireCRDs = sync.OnceValue(func() *chart.Chart { return mustLoad("charts/spire-crds") })

// mustLoad panics, since without its charts no test here says anything.
func mustLoad(path string) *chart.Chart {
	root, err := Root()
	if err != nil {
		panic(err)
	}
	loaded, err := loader.LoadDir(filepath.Join(root, path))
	if err != nil {
		panic(fmt.Errorf("load %s: %w", path, err))
	}
	return loaded
}
