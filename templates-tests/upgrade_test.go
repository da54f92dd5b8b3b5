package templatestests

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"

	"agentcube-mtls/internal/gomod"
	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/chart"
)

// v010 is the chart that users upgrade from, as its module ships it.
var v010 = sync.OnceValues(func() (*helmchart.Chart, error) {
	agentcube, err := gomod.Find(context.Background(), repo.Path(), "github.com/volcano-sh/agentcube")
	if err != nil {
		return nil, err
	}
	return loader.LoadDir(filepath.Join(agentcube.Dir, "manifests/charts/base"))
})

// userOfV010 are settings that a user of v0.1.0 may have made.
const userOfV010 = `
redis: {addr: "redis.example:6379", password: secret}
router: {replicas: 3, serviceAccountName: agentcube-router, rbac: {create: true}, service: {port: 80}, extraEnv: [{name: A, value: b}]}
workloadmanager: {image: {tag: v1}, service: {port: 9090}, resources: {requests: {cpu: 250m}}}
volcano: {scheduler: {enabled: true}}`

// upgradeFromV010 is an upgrade with --reuse-values: the old release's computed values stand where
// the chart's own would.
func upgradeFromV010(t *testing.T, set ...string) chart.Release {
	t.Helper()
	old, err := v010()
	require.NoError(t, err)
	user := values(t, userOfV010)
	computed, err := chartutil.CoalesceValues(old, user)
	require.NoError(t, err)
	return chart.Release{Upgrade: true, ReusedValues: computed, Values: values(t, append([]string{userOfV010}, set...)...)}
}

// Upgrade from v0.1.0 with --reuse-values keeps what the user set.
func TestUpgradeFromV010(t *testing.T) {
	t.Parallel()
	for _, set := range []string{"{}", "spire: {enabled: true}"} {
		objects := renderRelease(t, upgradeFromV010(t, set))

		router := get[*appsv1.Deployment](t, objects, "agentcube-router")
		assert.Equal(t, int32(3), *router.Spec.Replicas)
		assert.Equal(t, "agentcube-router", router.Spec.Template.Spec.ServiceAccountName)
		app := container(t, router.Spec.Template.Spec, "agentcube-router")
		assert.Equal(t, "redis.example:6379", env(app)["REDIS_ADDR"])
		assert.Equal(t, "b", env(app)["A"])
		assert.Equal(t, int32(80), get[*corev1.Service](t, objects, "agentcube-router").Spec.Ports[0].Port)

		manager := container(t, get[*appsv1.Deployment](t, objects, "workloadmanager").Spec.Template.Spec, "workloadmanager")
		assert.Equal(t, "ghcr.io/volcano-sh/workloadmanager:v1", manager.Image)
		assert.Equal(t, "250m", manager.Resources.Requests.Cpu().String())
		assert.Equal(t, int32(9090), get[*corev1.Service](t, objects, "workloadmanager").Spec.Ports[0].Port)
		get[*appsv1.Deployment](t, objects, "volcano-agent-scheduler")
		assert.Equal(t, "secret", get[*corev1.Secret](t, objects, "agentcube-redis").StringData["password"])
	}
}

// upgradeFromMain is an upgrade with --reuse-values of a release of AgentCube's main, which lets the
// templates see its defaults.
func upgradeFromMain(t *testing.T, user string, set ...string) chart.Release {
	t.Helper()
	computed, err := chartutil.CoalesceValues(mainChart(t), values(t, user))
	require.NoError(t, err)
	return chart.Release{Upgrade: true, ReusedValues: computed, Values: values(t, append([]string{user}, set...)...)}
}

// One command upgrades every release of main that does not run SPIRE, and may switch SPIRE on.
func TestUpgradeFromMain(t *testing.T) {
	t.Parallel()
	const redis = "redis: {addr: 'redis:6379', password: p}"
	for name, c := range map[string]struct{ user, account string }{
		"defaults":       {redis, "agentcube-router"},
		"Keycloak guide": {redis + "\nrouter: {jwt: {issuerUrl: https://issuer, roleClaim: roles, requiredRole: user}}", "agentcube-router"},
		"own account":    {redis + "\nrouter: {serviceAccountName: mine}", "mine"},
		"no account":     {redis + "\nrouter: {serviceAccountName: ''}", "agentcube-router"},
	} {
		for _, set := range []string{"{}", "spire: {enabled: true}"} {
			objects := renderRelease(t, upgradeFromMain(t, c.user, set))
			router := get[*appsv1.Deployment](t, objects, "agentcube-router").Spec.Template.Spec
			assert.Equal(t, c.account, router.ServiceAccountName, name)
			get[*corev1.ServiceAccount](t, objects, c.account)
			get[*rbacv1.Role](t, objects, c.account)
			get[*rbacv1.RoleBinding](t, objects, c.account)
			if set != "{}" {
				found := images(objects)
				assert.Equal(t, "ghcr.io/spiffe/spire-server:1.13.3", found["spire-server"], name)
				assert.Equal(t, "ghcr.io/spiffe/spire-agent:1.13.3", found["spire-agent"], name)
				assert.Equal(t, "ghcr.io/spiffe/spiffe-helper:0.11.0", found["spiffe-helper"], name)
			}
		}
	}
}

// A version of SPIRE that the user has set stays. Only the default of a release of main counts as
// not set.
func TestUpgradeFromMainKeepsVersions(t *testing.T) {
	t.Parallel()
	objects := renderRelease(t, upgradeFromMain(t, "{redis: {addr: 'redis:6379', password: p}, spire: {server: {image: {tag: 1.13.0}}}}", "spire: {enabled: true}"))
	assert.Equal(t, "ghcr.io/spiffe/spire-server:1.13.0", images(objects)["spire-server"])
	ours := render(t, spire, "spire: {server: {image: {tag: 1.12.0}}}")
	assert.Equal(t, "ghcr.io/spiffe/spire-server:1.12.0", images(ours)["spire-server"])
}

// earlier are the default values of each version that this chart has had, by version.
func earlier(t testing.TB) map[string]map[string]any {
	t.Helper()
	files, err := filepath.Glob("testdata/earlier/*.yaml")
	require.NoError(t, err)
	found := map[string]map[string]any{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		found[strings.TrimSuffix(filepath.Base(file), ".yaml")] = values(t, string(content))
	}
	return found
}

// The stored values of every earlier version render.
func TestStoredValues(t *testing.T) {
	t.Parallel()
	versions := earlier(t)
	require.NotEmpty(t, versions)
	assert.NotContains(t, versions, chart.Base().Metadata.Version, "it is not an earlier one")
	for version, defaults := range versions {
		for _, settings := range []string{plain, spire, everything} {
			user := values(t, settings, "router: {replicas: 4}")
			reused := chart.Release{Upgrade: true, Values: user, ReusedValues: values(t, toYAML(t, defaults), toYAML(t, user))}
			assert.Equal(t, int32(4), *get[*appsv1.Deployment](t, renderRelease(t, reused), "agentcube-router").Spec.Replicas, version)
		}
	}
}

func toYAML(t testing.TB, values map[string]any) string {
	t.Helper()
	content, err := yaml.Marshal(values)
	require.NoError(t, err)
	return string(content)
}

// Upgrades never change immutable fields.
func TestImmutableFields(t *testing.T) {
	t.Parallel()
	old, err := v010()
	require.NoError(t, err)
	user := values(t, userOfV010)
	releases := map[string]chart.Release{
		"v0.1.0":                       {Chart: old, Values: user},
		"plain":                        {Values: user},
		"spire":                        {Values: values(t, userOfV010, "spire: {enabled: true}")},
		"spire, other trust domain":    {Values: values(t, userOfV010, "spire: {enabled: true, trustDomain: example.org}")},
		"spire, upgraded, reused":      upgradeFromV010(t, "spire: {enabled: true}"),
		"spire, more of everything":    {Values: values(t, userOfV010, "spire: {enabled: true, server: {replicas: 3, dataStore: {type: mysql, secretName: x}, podLabels: {a: b}}}")},
		"plain, on an old server":      {Values: user, Kubernetes: "v1.28.0"},
		"plain, another chart version": {Values: user, Chart: withVersion(chart.Base(), "9.9.9")},
	}
	fixed := map[string]any{}
	origin := map[string]string{}
	for name, release := range releases {
		for _, object := range renderRelease(t, release) {
			key := chart.Describe(object)
			field := immutable(object)
			if before, seen := fixed[key]; seen {
				assert.Equal(t, before, field, "%s differs between %q and %q", key, origin[key], name)
			}
			fixed[key], origin[key] = field, name
		}
	}
	assert.Contains(t, fixed, "StatefulSet/spire-server")
}

// immutable are the fields of an object that the API server does not let an upgrade change.
func immutable(object client.Object) any {
	switch o := object.(type) {
	case *appsv1.Deployment:
		return o.Spec.Selector
	case *appsv1.DaemonSet:
		return o.Spec.Selector
	case *appsv1.StatefulSet:
		return []any{o.Spec.Selector, o.Spec.ServiceName, o.Spec.VolumeClaimTemplates, o.Spec.PodManagementPolicy}
	case *corev1.Service:
		return o.Spec.ClusterIP
	case *corev1.Secret:
		return o.Type
	case *rbacv1.RoleBinding:
		return o.RoleRef
	case *rbacv1.ClusterRoleBinding:
		return o.RoleRef
	default:
		return nil
	}
}

func withVersion(base *helmchart.Chart, version string) *helmchart.Chart {
	other := *base
	metadata := *base.Metadata
	metadata.Version = version
	other.Metadata = &metadata
	return &other
}

// A limit that the user removed stays removed in an upgrade.
func TestLimitTakenAway(t *testing.T) {
	t.Parallel()
	release := upgradeFromV010(t)
	release.ReusedValues["router"].(map[string]any)["resources"] = map[string]any{}

	router := container(t, get[*appsv1.Deployment](t, renderRelease(t, release), "agentcube-router").Spec.Template.Spec, "agentcube-router")
	assert.Empty(t, router.Resources.Limits)
}

// Values of an old release that are false, zero or empty are kept.
func TestEmptyValuesAreKept(t *testing.T) {
	t.Parallel()
	release := upgradeFromV010(t, "spire: {enabled: true}")
	release.ReusedValues["router"].(map[string]any)["replicas"] = 0
	release.Values["router"].(map[string]any)["replicas"] = 0
	release.Values["spire"].(map[string]any)["identities"] = map[string]any{"create": false}
	release.Values["spire"].(map[string]any)["agent"] = map[string]any{"tolerations": []any{}}

	objects := renderRelease(t, release)
	assert.Equal(t, int32(0), *get[*appsv1.Deployment](t, objects, "agentcube-router").Spec.Replicas)
	assert.Empty(t, ofKind(objects, "ClusterSPIFFEID"))
	assert.Empty(t, get[*appsv1.DaemonSet](t, objects, "spire-agent").Spec.Template.Spec.Tolerations)
}

// Another chart version alone rolls no pods.
func TestChartVersionRollsNothing(t *testing.T) {
	t.Parallel()
	now := renderRelease(t, chart.Release{Values: values(t, spire)})
	later := renderRelease(t, chart.Release{Values: values(t, spire), Chart: withVersion(chart.Base(), "9.9.9")})
	assert.Empty(t, rolled(now, later))
}

// rolled are the workloads of both renders with pods that the second replaces.
func rolled(before, after []client.Object) []string {
	templates := map[string]*corev1.PodTemplateSpec{}
	for _, object := range before {
		templates[chart.Describe(object)] = podTemplate(object)
	}
	names := []string{}
	for _, object := range after {
		name, template := chart.Describe(object), podTemplate(object)
		if old := templates[name]; old != nil && !reflect.DeepEqual(old, template) {
			names = append(names, name)
		}
	}
	return names
}

// podTemplate is nil for objects that make no pods, or, as a hook's, none that last.
func podTemplate(object client.Object) *corev1.PodTemplateSpec {
	switch o := object.(type) {
	case *appsv1.Deployment:
		return &o.Spec.Template
	case *appsv1.DaemonSet:
		return &o.Spec.Template
	case *appsv1.StatefulSet:
		return &o.Spec.Template
	default:
		return nil
	}
}

// Every template reads layered values.
func TestLayeredValues(t *testing.T) {
	t.Parallel()
	for _, file := range chart.Base().Templates {
		if strings.HasSuffix(file.Name, ".tpl") {
			continue
		}
		assert.True(t, strings.HasPrefix(string(file.Data), `{{- include "agentcube.values" . -}}`), "%s must begin with it", file.Name)
	}
}

func TestNullTakesADefaultLimitAway(t *testing.T) {
	t.Parallel()
	router := container(t, get[*appsv1.Deployment](t, render(t, plain, "router: {resources: {limits: {cpu: null}}}"), "agentcube-router").Spec.Template.Spec, "agentcube-router")
	assert.Equal(t, []corev1.ResourceName{corev1.ResourceEphemeralStorage, corev1.ResourceMemory}, slices.Sorted(maps.Keys(router.Resources.Limits)))
}
