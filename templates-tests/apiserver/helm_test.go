package apiserver_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	"sigs.k8s.io/yaml"

	"agentcube-mtls/internal/gomod"
	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/chart"
)

// The charts, by their folders.
var (
	base      = repo.Path("charts", "base")
	spireCRDs = repo.Path("charts", "spire-crds")
)

// v010 is the folder of the chart that users upgrade from, in the module that ships it.
func v010(t testing.TB) string {
	t.Helper()
	agentcube, err := gomod.Find(t.Context(), repo.Path(), "github.com/volcano-sh/agentcube")
	require.NoError(t, err)
	return filepath.Join(agentcube.Dir, "manifests/charts/base")
}

// reuse is what an upgrade does with the values of the release before it.
type reuse string

const (
	neither              reuse = "neither"
	reuseValues          reuse = "--reuse-values"
	resetThenReuseValues reuse = "--reset-then-reuse-values"
)

// release is one release in a namespace, and helm, which does with it what it is told to.
type release struct {
	t               testing.TB
	name, namespace string
	user            string // who runs helm; empty: who may do everything, also create the namespace
}

// newRelease names a release that is uninstalled when the test ends, if it is still there. Its
// namespace stays: there is no controller that would empty it.
func newRelease(t testing.TB, name, namespace string) release {
	t.Helper()
	r := release{t: t, name: name, namespace: namespace}
	t.Cleanup(func() { require.NoError(t, r.uninstall()) })
	return r
}

// agentcubesOwn is held by a test that installs one of AgentCube's own charts: two releases of
// these collide on a ClusterRole.
var agentcubesOwn sync.Mutex

// install leaves out, as upgradeTo does, that helm reads the description of the whole API to check
// manifests by it: the render tests check them, and it takes long.
func (r release) install(dir, values string) error {
	r.t.Helper()
	install := action.NewInstall(r.helm())
	install.DisableOpenAPIValidation = true
	install.ReleaseName, install.Namespace, install.CreateNamespace = r.name, r.namespace, r.user == ""
	_, err := install.Run(load(r.t, dir), parse(r.t, values))
	return err
}

// upgrade is one to AgentCube's chart of this repository.
func (r release) upgrade(how reuse, values string) error {
	r.t.Helper()
	return r.upgradeTo(base, how, values)
}

func (r release) upgradeTo(dir string, how reuse, values string) error {
	r.t.Helper()
	loaded := chart.WithoutCRDs(load(r.t, dir))
	upgrade := action.NewUpgrade(r.helm())
	upgrade.DisableOpenAPIValidation = true
	upgrade.Namespace, upgrade.ReuseValues, upgrade.ResetThenReuseValues = r.namespace, how == reuseValues, how == resetThenReuseValues
	_, err := upgrade.Run(r.name, loaded, parse(r.t, values))
	return err
}

func (r release) rollback(revision int) error {
	r.t.Helper()
	rollback := action.NewRollback(r.helm())
	rollback.Version = revision
	return rollback.Run(r.name)
}

func (r release) uninstall() error {
	r.t.Helper()
	uninstall := action.NewUninstall(r.helm())
	uninstall.IgnoreNotFound = true
	_, err := uninstall.Run(r.name)
	return err
}

// helm returns a new client each time, as each call of the program has.
func (r release) helm() *action.Configuration {
	r.t.Helper()
	settings := cli.New()
	settings.KubeConfig, settings.KubeAsUser = server.Kubeconfig, r.user
	settings.QPS, settings.BurstLimit = 1000, 1000
	settings.SetNamespace(r.namespace)
	var configuration action.Configuration
	require.NoError(r.t, configuration.Init(settings.RESTClientGetter(), r.namespace, "secret", func(string, ...any) {}))
	configuration.Releases.Driver = records{configuration.Releases.Driver}
	return &configuration
}

// records are helm's, with charts reduced to what later actions read: helm compresses each chart as
// far as it can, and reads the records of all revisions in each upgrade.
type records struct{ driver.Driver }

func (r records) Create(key string, release *helmrelease.Release) error {
	return r.Driver.Create(key, light(release))
}

func (r records) Update(key string, release *helmrelease.Release) error {
	return r.Driver.Update(key, light(release))
}

// light returns a copy of a release whose chart has only its values, on which --reuse-values builds.
func light(release *helmrelease.Release) *helmrelease.Release {
	copied, loaded := *release, *release.Chart
	loaded.Schema, loaded.Files, loaded.Templates = nil, nil, nil
	copied.Chart = &loaded
	return &copied
}

func load(t testing.TB, dir string) *helmchart.Chart {
	t.Helper()
	loaded, err := loader.LoadDir(dir)
	require.NoError(t, err)
	return loaded
}

func parse(t testing.TB, values string) map[string]any {
	t.Helper()
	var parsed map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(values), &parsed))
	return parsed
}
