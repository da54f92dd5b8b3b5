package chart

import (
	"fmt"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// SpireKinds are what a cluster with SPIRE's CustomResourceDefinitions serves.
var SpireKinds = []string{
	"spire.spiffe.io/v1alpha1/ClusterSPIFFEID", "spire.spiffe.io/v1alpha1/ClusterStaticEntry", "spire.spiffe.io/v1alpha1/ClusterFederatedTrustDomain",
}

// Release says of what, and where, a render is. The zero value is a first install, as in every
// guide, on a new cluster.
type Release struct {
	Chart     *chart.Chart
	Name      string
	Namespace string
	// Kubernetes is the server's version
	Kubernetes string
	// APIs are kinds, each after its group and version, that the server has beside Kubernetes' own
	APIs    []string
	Upgrade bool
	// Live gives templates a cluster to look things up in; it has a namespace kube-system, and
	// nothing else
	Live bool
	// Values are the user's
	Values map[string]any
	// ReusedValues are a former release's computed values: with --reuse-values they take the place
	// of the chart's
	ReusedValues map[string]any
}

// Render returns the manifests by the path of their template.
func (r Release) Render() (map[string]string, error) {
	loaded, values, err := r.Prepare()
	if err != nil {
		return nil, err
	}
	if r.Live {
		return engine.RenderWithClientProvider(loaded, values, cluster{})
	}
	return engine.Render(loaded, values)
}

// Prepare checks the values by the chart's schema and returns what helm's engine renders.
func (r Release) Prepare() (*chart.Chart, chartutil.Values, error) {
	r = r.withDefaults()
	loaded := *r.Chart
	if r.ReusedValues != nil {
		loaded.Values = r.ReusedValues
	}
	if err := chartutil.ProcessDependenciesWithMerge(&loaded, r.Values); err != nil {
		return nil, nil, fmt.Errorf("processing dependencies: %w", err)
	}
	version, err := chartutil.ParseKubeVersion(r.Kubernetes)
	if err != nil {
		return nil, nil, fmt.Errorf("parsing the Kubernetes version: %w", err)
	}
	const unchecked = true
	values, err := chartutil.ToRenderValuesWithSchemaValidation(&loaded, r.Values, chartutil.ReleaseOptions{
		Name: r.Name, Namespace: r.Namespace, Revision: 1, IsInstall: !r.Upgrade, IsUpgrade: r.Upgrade,
	}, &chartutil.Capabilities{
		KubeVersion: *version,
		APIVersions: append(append(chartutil.VersionSet{}, chartutil.DefaultVersionSet...), r.APIs...),
		HelmVersion: chartutil.DefaultCapabilities.HelmVersion,
	}, unchecked)
	if err != nil {
		return nil, nil, err
	}
	if err := CheckSchema(&loaded, values["Values"].(chartutil.Values)); err != nil {
		return nil, nil, err
	}
	return &loaded, values, nil
}

func (r Release) withDefaults() Release {
	if r.Chart == nil {
		r.Chart = Base()
	}
	if r.Name == "" {
		r.Name = "agentcube"
	}
	if r.Namespace == "" {
		r.Namespace = "agentcube"
	}
	if r.Kubernetes == "" {
		r.Kubernetes = "v1.34.4"
	}
	if r.APIs == nil {
		r.APIs = SpireKinds
	}
	if r.Values == nil {
		r.Values = map[string]any{}
	}
	return r
}
