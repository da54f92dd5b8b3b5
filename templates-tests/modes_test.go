package templatestests

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/templates-tests/chart"
)

// A plain Router speaks HTTP to the plain port.
func TestPlainRouter(t *testing.T) {
	t.Parallel()
	router := container(t, get[*appsv1.Deployment](t, render(t, plain), "agentcube-router").Spec.Template.Spec, "agentcube-router")

	assert.Equal(t, []string{"--port=8080", "--debug"}, router.Args)
	assert.Equal(t, "http://workloadmanager.agentcube.svc:8080", env(router)["WORKLOAD_MANAGER_URL"])
}

// The Router gets its certificates and the port for mutual TLS.
func TestRouterWithSPIRE(t *testing.T) {
	t.Parallel()
	router := container(t, get[*appsv1.Deployment](t, render(t, spire), "agentcube-router").Spec.Template.Spec, "agentcube-router")

	assert.Equal(t, []string{
		"--port=8080", "--debug",
		"--mtls-cert=/run/spire/certs/svid.pem",
		"--mtls-key=/run/spire/certs/svid_key.pem",
		"--mtls-ca=/run/spire/certs/svid_bundle.pem",
	}, router.Args)
	assert.Equal(t, "http://workloadmanager.agentcube.svc:8443", env(router)["WORKLOAD_MANAGER_URL"],
		"the scheme stays http: the Router rewrites it, and operators look for the line that says so")
	assert.Equal(t, "cluster.local", env(router)["AGENTCUBE_SPIFFE_TRUST_DOMAIN"])
}

// The WorkloadManager serves only mutual TLS with SPIRE.
func TestWorkloadManagerWithSPIRE(t *testing.T) {
	t.Parallel()
	manager := container(t, get[*appsv1.Deployment](t, render(t, spire), "workloadmanager").Spec.Template.Spec, "workloadmanager")

	assert.Equal(t, []string{
		"--port=8443", "--runtime-class-name=", "--enable-tls",
		"--tls-cert=/run/spire/certs/svid.pem",
		"--tls-key=/run/spire/certs/svid_key.pem",
		"--tls-ca=/run/spire/certs/svid_bundle.pem",
	}, manager.Args)
	assert.Equal(t, []corev1.ContainerPort{{Name: "https", ContainerPort: 8443, Protocol: corev1.ProtocolTCP}}, manager.Ports)
	assert.Equal(t, "spiffe://cluster.local/ns/agentcube/sa/agentcube-router", env(manager)["AGENTCUBE_ALLOWED_CLIENT_SPIFFE_IDS"])
}

// AgentCube's programs look for the Router's key in the namespace "default" unless they are told
// theirs.
func TestProgramsKnowTheirNamespace(t *testing.T) {
	t.Parallel()
	for _, given := range []string{plain, spire} {
		for _, name := range []string{"agentcube-router", "workloadmanager"} {
			program := container(t, get[*appsv1.Deployment](t, render(t, given), name).Spec.Template.Spec, name)
			assert.Contains(t, program.Env, corev1.EnvVar{Name: "AGENTCUBE_NAMESPACE", ValueFrom: &corev1.EnvVarSource{
				FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.namespace"},
			}}, name)
		}
	}
}

// Each port of the Service reaches only WorkloadManagers of its mode.
func TestServicePortsByMode(t *testing.T) {
	t.Parallel()
	for mode, given := range map[string]string{"http": plain, "https": spire} {
		objects := render(t, given)

		targets := map[string]intstr.IntOrString{}
		for _, port := range get[*corev1.Service](t, objects, "workloadmanager").Spec.Ports {
			targets[port.Name] = port.TargetPort
		}
		assert.Equal(t, map[string]intstr.IntOrString{
			"http": intstr.FromString("http"), "https": intstr.FromString("https"),
		}, targets, "the Service has both ports in both modes, by name")

		pod := get[*appsv1.Deployment](t, objects, "workloadmanager").Spec.Template.Spec
		ports := container(t, pod, "workloadmanager").Ports
		require.Len(t, ports, 1)
		assert.Equal(t, mode, ports[0].Name)
	}
}

// AgentCube's WorkloadManager logs each connection that ends before its handshake.
func TestProbesOfTheWorkloadManager(t *testing.T) {
	t.Parallel()
	workloadmanager := func(given string) corev1.Container {
		return container(t, get[*appsv1.Deployment](t, render(t, given), "workloadmanager").Spec.Template.Spec, "workloadmanager")
	}
	without := workloadmanager(plain)
	for _, probe := range []*corev1.Probe{without.StartupProbe, without.LivenessProbe, without.ReadinessProbe} {
		assert.Equal(t, corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/health", Port: intstr.FromString("http")}}, probe.ProbeHandler)
	}
	with := workloadmanager(spire)
	assert.Equal(t, corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromString("https")}}, with.StartupProbe.ProbeHandler)
	assert.Nil(t, with.LivenessProbe, "each would be a line of the log")
	assert.Nil(t, with.ReadinessProbe, "each would be a line of the log")
}

// A container that hangs is killed before its drain is over.
func TestHungContainer(t *testing.T) {
	t.Parallel()
	for _, given := range []string{plain, spire} {
		for _, name := range []string{"agentcube-router", "workloadmanager"} {
			spec := get[*appsv1.Deployment](t, render(t, given), name).Spec.Template.Spec
			assert.NotNil(t, container(t, spec, name).StartupProbe, name)
			assert.Equal(t, name == "agentcube-router" || given == plain, container(t, spec, name).LivenessProbe != nil, "%s, of %s", name, given)
			if given == spire {
				assert.NotNil(t, container(t, spec, "spiffe-helper").LivenessProbe, name)
			}
			for _, c := range containers(spec) {
				for _, probe := range []*corev1.Probe{c.StartupProbe, c.LivenessProbe} {
					if probe != nil && (probe == c.LivenessProbe || c.Lifecycle != nil) {
						assert.Equal(t, new(int64(10)), probe.TerminationGracePeriodSeconds, "%s: %s", name, c.Name)
					}
				}
				if c.ReadinessProbe != nil {
					assert.Nil(t, c.ReadinessProbe.TerminationGracePeriodSeconds, "Kubernetes rejects it")
				}
			}
		}
	}
}

// Nothing of SPIRE is left when it is off.
func TestSPIREOff(t *testing.T) {
	t.Parallel()
	manifests, err := chart.Release{Values: values(t, plain)}.Render()
	require.NoError(t, err)
	delete(manifests, "agentcube/templates/NOTES.txt")
	require.NotEmpty(t, manifests)
	for path, manifest := range manifests {
		assert.NotContains(t, manifest, "spire", path)
		assert.NotContains(t, manifest, "spiffe", path)
	}
}

// Old WorkloadManagers stay until the Routers have moved.
func TestOldWorkloadManagersStay(t *testing.T) {
	t.Parallel()
	workloadmanager := func(kubernetes string) *appsv1.Deployment {
		objects := renderRelease(t, chart.Release{Values: values(t, spire), Kubernetes: kubernetes})
		return get[*appsv1.Deployment](t, objects, "workloadmanager")
	}

	newest := workloadmanager("v1.30.0")
	assert.Equal(t, intstr.FromInt32(0), *newest.Spec.Strategy.RollingUpdate.MaxUnavailable)
	assert.Equal(t, intstr.FromString("100%"), *newest.Spec.Strategy.RollingUpdate.MaxSurge, "many replicas take no longer than one")
	stop := container(t, newest.Spec.Template.Spec, "workloadmanager").Lifecycle
	require.NotNil(t, stop)
	assert.Equal(t, int64(150), stop.PreStop.Sleep.Seconds)
	assert.Equal(t, int64(180), *newest.Spec.Template.Spec.TerminationGracePeriodSeconds, "the drain, and time to stop after it")

	older := workloadmanager("v1.29.9")
	assert.Nil(t, container(t, older.Spec.Template.Spec, "workloadmanager").Lifecycle, "servers below 1.30 refuse preStop.sleep")
}

// Probes give a busy node enough time.
func TestBusyNode(t *testing.T) {
	t.Parallel()
	probes := 0
	for name, spec := range podSpecs(render(t, spire, "redis: {addr: '', embedded: {enabled: true}}")) {
		for _, c := range containers(spec) {
			if c.LivenessProbe != nil {
				probes++
				assert.GreaterOrEqual(t, c.LivenessProbe.TimeoutSeconds, int32(5), "%s, container %s: Kubernetes' default is a second", name, c.Name)
			}
		}
	}
	assert.Greater(t, probes, 3)
}

// A stopping Router keeps serving until the Service no longer sends requests to it.
func TestStoppingRouter(t *testing.T) {
	t.Parallel()
	spec := get[*appsv1.Deployment](t, render(t, plain, "router: {drainSeconds: 7}"), "agentcube-router").Spec.Template.Spec
	stop := container(t, spec, "agentcube-router").Lifecycle
	require.NotNil(t, stop)
	assert.Equal(t, int64(7), stop.PreStop.Sleep.Seconds)
	assert.Equal(t, int64(37), *spec.TerminationGracePeriodSeconds, "the drain, and time to stop after it")
}

// Programs that call the WorkloadManager themselves, such as those that use AgentCube's SDK, get in
// where the values name them.
func TestOtherClients(t *testing.T) {
	t.Parallel()
	const clients = `
networkPolicies: {enabled: true, nodeCIDRs: [10.0.0.0/8]}
spire: {identities: {clients: [{name: notebook, namespace: "17", serviceAccount: jupyter, podLabels: {app: notebook}}]}}`
	objects := render(t, spire, clients)
	manager := container(t, get[*appsv1.Deployment](t, objects, "workloadmanager").Spec.Template.Spec, "workloadmanager")
	assert.Equal(t, "spiffe://cluster.local/ns/agentcube/sa/agentcube-router,spiffe://cluster.local/ns/17/sa/jupyter", env(manager)["AGENTCUBE_ALLOWED_CLIENT_SPIFFE_IDS"])
	ids := ofKind(objects, "ClusterSPIFFEID")
	require.Len(t, ids, 3)
	at := slices.IndexFunc(ids, func(id *unstructured.Unstructured) bool { return id.GetName() == "agentcube-client-notebook" })
	require.GreaterOrEqual(t, at, 0)
	selected := func(path ...string) any {
		value, _, _ := unstructured.NestedFieldNoCopy(ids[at].Object, append([]string{"spec"}, path...)...)
		return value
	}
	assert.Equal(t, map[string]any{"kubernetes.io/metadata.name": "17"}, selected("namespaceSelector", "matchLabels"))
	assert.Equal(t, map[string]any{"app": "notebook"}, selected("podSelector", "matchLabels"))
	assert.Equal(t, []any{"k8s:ns:17", "k8s:sa:jupyter"}, selected("workloadSelectorTemplates"))
	assert.Equal(t, "agentcube-agentcube", selected("className"))

	admits := func(objects []client.Object) []networkingv1.NetworkPolicyPeer {
		return get[*networkingv1.NetworkPolicy](t, objects, "workloadmanager").Spec.Ingress[0].From
	}
	assert.Contains(t, admits(objects), networkingv1.NetworkPolicyPeer{
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": "17"}},
		PodSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"app": "notebook"}},
	})
	assert.Len(t, admits(render(t, plain, clients)), 1, "without mutual TLS a name proves nothing")
}

// A pod that copies the Router's labels gets no identity.
func TestCopiedLabels(t *testing.T) {
	t.Parallel()
	for _, id := range ofKind(render(t, spire), "ClusterSPIFFEID") {
		template, _, _ := unstructured.NestedString(id.Object, "spec", "spiffeIDTemplate")
		assert.Equal(t, "spiffe://{{ .TrustDomain }}/ns/{{ .PodMeta.Namespace }}/sa/{{ .PodSpec.ServiceAccountName }}", template,
			"the ID comes from the pod's own account")

		account := map[string]string{
			"agentcube-agentcube-router":           "agentcube-router",
			"agentcube-agentcube-workload-manager": "workloadmanager",
		}[id.GetName()]
		selectors, _, _ := unstructured.NestedStringSlice(id.Object, "spec", "workloadSelectorTemplates")
		assert.Equal(t, []string{"k8s:ns:agentcube", "k8s:sa:" + account}, selectors, id.GetName())

		namespaces, _, _ := unstructured.NestedStringMap(id.Object, "spec", "namespaceSelector", "matchLabels")
		assert.Equal(t, map[string]string{"kubernetes.io/metadata.name": "agentcube"}, namespaces, id.GetName())
	}
	assert.Len(t, ofKind(render(t, spire), "ClusterSPIFFEID"), 2)
}
