package templatestests

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"

	"agentcube-mtls/internal/repo"
	"agentcube-mtls/templates-tests/chart"
)

// mainChart is the stand-in for the chart of AgentCube's main: upgrades from it prove as much as it
// is like that one.
func mainChart(t testing.TB) *helmchart.Chart {
	t.Helper()
	loaded, err := loader.LoadDir(repo.Path("e2e", "guides", "testdata", "main"))
	require.NoError(t, err)
	return loaded
}

// sinceV010 is what main's values have beyond those of v0.1.0.
const sinceV010 = `
redis: {secretName: "", secretKey: password}
router:
  serviceAccountName: agentcube-router
  jwt: {issuerUrl: "", audience: agentcube-api, roleClaim: "", requiredRole: ""}
spire:
  enabled: false
  trustDomain: cluster.local
  clusterName: agentcube-cluster
  spiffeHelper:
    image: {repository: ghcr.io/spiffe/spiffe-helper, tag: 0.10.0, pullPolicy: IfNotPresent}
    certDir: /run/spire/certs
    certFileName: svid.pem
    keyFileName: svid_key.pem
    bundleFileName: svid_bundle.pem
  server:
    image: {repository: ghcr.io/spiffe/spire-server, tag: 1.12.0, pullPolicy: IfNotPresent}
    service: {type: ClusterIP, port: 8081}
    ca: {ttl: 24h, x509SvidDefaultTtl: 1h}
    dataStore: {type: sqlite3, connectionString: /run/spire/data/datastore.sqlite3}
    resources: {requests: {cpu: 50m, memory: 128Mi}, limits: {cpu: 200m, memory: 512Mi}}
  agent:
    insecureBootstrap: false
    skipKubeletVerification: false
    image: {repository: ghcr.io/spiffe/spire-agent, tag: 1.12.0, pullPolicy: IfNotPresent}
    resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {cpu: 200m, memory: 256Mi}}
  controllerManager:
    image: {repository: ghcr.io/spiffe/spire-controller-manager, tag: 0.6.4, pullPolicy: IfNotPresent}
    resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {cpu: 100m, memory: 128Mi}}
`

func TestValuesOfMain(t *testing.T) {
	t.Parallel()
	old, err := v010()
	require.NoError(t, err)
	want := values(t, toYAML(t, old.Values), sinceV010)
	delete(want["router"].(map[string]any), "rbac") // main makes the account always
	assert.Equal(t, want, values(t, toYAML(t, mainChart(t).Values)))
}

// Each value that the user of a release of main has set shows in its objects.
func TestEveryValueOfMainIsHeeded(t *testing.T) {
	t.Parallel()
	main := mainChart(t)
	const used = "{redis: {password: p}, router: {jwt: {issuerUrl: https://issuer, roleClaim: roles, requiredRole: user}}, spire: {enabled: true}}"
	render := func(given map[string]any) map[string]string {
		manifests, err := chart.Release{Chart: main, Values: given}.Render()
		require.NoError(t, err)
		return manifests
	}
	before := render(values(t, used))
	// No template of v0.1.0 uses the first three either. The scheduler is that of v0.1.0, from which
	// its upgrade is tested.
	unheeded := []string{"nameOverride", "fullnameOverride", "router.config"}
	for path, value := range leaves("", values(t, toYAML(t, main.Values), used)) {
		if strings.HasPrefix(path, "volcano.") {
			continue
		}
		given := values(t, used)
		overlay(given, nested(path, another(path, value)))
		assert.Equal(t, slices.Contains(unheeded, path), maps.Equal(before, render(given)), path)
	}
}

// The objects of main have what an upgrade has to cope with.
func TestObjectsOfMain(t *testing.T) {
	t.Parallel()
	objects := renderRelease(t, chart.Release{Chart: mainChart(t), Values: values(t, "{redis: {password: p}, spire: {enabled: true}}")})

	pods := map[string]*corev1.PodTemplateSpec{}
	for _, object := range objects {
		if pod := podTemplate(object); pod != nil {
			pods[object.GetName()] = pod
		}
	}
	assert.Equal(t, []string{"agentcube-router", "spire-agent", "spire-server", "workloadmanager"}, slices.Sorted(maps.Keys(pods)))
	for name, pod := range pods {
		assert.Equal(t, map[string]string{"app": name}, pod.Labels)
		assert.Empty(t, pod.Spec.InitContainers, "%s: no native sidecar", name)
		for _, c := range pod.Spec.Containers {
			assert.Nil(t, c.Lifecycle, "%s: no preStop", c.Name)
		}
	}
	for name, with := range map[string][]string{
		"agentcube-router": {"agentcube-router", "spiffe-helper"}, "workloadmanager": {"workloadmanager", "spiffe-helper"},
		"spire-server": {"spire-server", "spire-controller-manager"}, "spire-agent": {"spire-agent"},
	} {
		for _, c := range with {
			container(t, pods[name].Spec, c)
		}
		if name != "spire-agent" {
			assert.Equal(t, int64(1000), *pods[name].Spec.SecurityContext.FSGroup, name)
		}
	}

	manager := container(t, pods["workloadmanager"].Spec, "workloadmanager")
	assert.Equal(t, []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}}, manager.Ports, "the same with mutual TLS")
	port := get[*corev1.Service](t, objects, "workloadmanager").Spec.Ports[0]
	assert.Equal(t, []int32{8080, 8080}, []int32{port.Port, port.TargetPort.IntVal}, "by number")
	for _, probe := range []*corev1.Probe{manager.LivenessProbe, manager.ReadinessProbe} {
		assert.NotNil(t, probe.TCPSocket)
	}

	server := get[*appsv1.StatefulSet](t, objects, "spire-server")
	assert.Empty(t, server.Spec.UpdateStrategy)
	require.Len(t, server.Spec.VolumeClaimTemplates, 1)
	assert.Equal(t, "spire-data", server.Spec.VolumeClaimTemplates[0].Name)
	assert.Contains(t, container(t, server.Spec.Template.Spec, "spire-server").VolumeMounts, corev1.VolumeMount{Name: "spire-data", MountPath: "/run/spire/data"})
	for _, name := range []string{"agentcube-router", "workloadmanager"} {
		assert.Empty(t, get[*appsv1.Deployment](t, objects, name).Spec.Strategy, name)
	}
	assert.Empty(t, get[*appsv1.DaemonSet](t, objects, "spire-agent").Spec.UpdateStrategy)

	for name, file := range map[string]string{
		"spire-server-config": "", "spire-agent-config": "", "spire-controller-manager-config": "", "spiffe-helper-config": "spiffe-helper.conf",
	} {
		files := get[*corev1.ConfigMap](t, objects, name).Data
		require.NotEmpty(t, files)
		if file != "" {
			assert.Contains(t, files, file)
		}
	}
	assert.Contains(t, get[*corev1.ConfigMap](t, objects, "spire-agent-config").Data["agent.conf"], `"/run/spire/sockets/agent.sock"`)
	get[*corev1.Service](t, objects, "spire-server")
	get[*corev1.Service](t, objects, "spire-server-headless")
	for _, account := range []string{"agentcube-router", "workloadmanager", "spire-server", "spire-agent"} {
		get[*corev1.ServiceAccount](t, objects, account)
	}
	get[*rbacv1.Role](t, objects, "agentcube-router")
	get[*rbacv1.RoleBinding](t, objects, "agentcube-router")
	for _, role := range []string{"workloadmanager", "agentcube-spire-server", "agentcube-spire-agent"} {
		get[*rbacv1.ClusterRole](t, objects, role)
	}
	var identities []string
	for _, identity := range ofKind(objects, "ClusterSPIFFEID") {
		identities = append(identities, identity.GetName())
		assert.NotContains(t, identity.Object["spec"], "className")
	}
	assert.ElementsMatch(t, []string{"agentcube-agentcube-router", "agentcube-agentcube-workload-manager"}, identities)
	assert.True(t, slices.ContainsFunc(objects, func(o client.Object) bool {
		return strings.HasPrefix(chart.Describe(o), "ValidatingWebhookConfiguration/")
	}))
}

// With neither a password nor a Secret the programs of main get no variable, and end.
func TestMainWithoutAPassword(t *testing.T) {
	t.Parallel()
	objects := renderRelease(t, chart.Release{Chart: mainChart(t), Values: values(t, plain)})
	for _, name := range []string{"agentcube-router", "workloadmanager"} {
		variables := env(container(t, get[*appsv1.Deployment](t, objects, name).Spec.Template.Spec, name))
		assert.NotContains(t, variables, "REDIS_PASSWORD", name)
		assert.NotContains(t, variables, "REDIS_PASSWORD_REQUIRED", name)
	}
}
