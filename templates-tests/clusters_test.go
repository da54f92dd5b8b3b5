package templatestests

import (
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestPodsRunOnTheirNodes: on a cluster all of whose nodes have a taint, pods without
// values of their own for that follow the Router.
func TestPodsRunOnTheirNodes(t *testing.T) {
	t.Parallel()
	const tolerating = `
router: &nodes {nodeSelector: {pool: agents}, tolerations: [{key: pool, operator: Exists}]}
workloadmanager: *nodes
spire: {server: *nodes}`
	specs := podSpecs(render(t, everything, tolerating))
	assert.Len(t, specs, 7)
	for name, spec := range specs {
		if name == "DaemonSet/spire-agent" {
			continue // it tolerates every taint, and runs on all nodes
		}
		assert.Equal(t, map[string]string{"pool": "agents"}, spec.NodeSelector, name)
		assert.Equal(t, []corev1.Toleration{{Key: "pool", Operator: corev1.TolerationOpExists}}, spec.Tolerations, name)
	}
}

// TestOpenShiftAdmitsThePods renders the example for OpenShift against the rules of the
// SecurityContextConstraints restricted-v2.
func TestOpenShiftAdmitsThePods(t *testing.T) {
	t.Parallel()
	example := examples(t)["openshift"]
	for name, spec := range podSpecs(render(t, example, "redis: {addr: '', embedded: {enabled: true}}")) {
		assert.Empty(t, violations(spec), name)
	}

	// With the chart's own SPIRE, agents need more, and so do the pods with a host path.
	var refused []string
	own := render(t, example, `{router: {podSecurityContext: &given {runAsUser: null, runAsGroup: null, fsGroup: null}},
		spire: {server: {enabled: true, podSecurityContext: *given}, agent: {enabled: true}, workloadAPI: {type: hostPath}}}`)
	for name, spec := range podSpecs(own) {
		if len(violations(spec)) > 0 {
			refused = append(refused, name)
		}
	}
	assert.ElementsMatch(t, []string{"DaemonSet/spire-agent", "Deployment/agentcube-router", "Deployment/workloadmanager"}, refused)
}

// violations returns how a pod violates restricted-v2, with which OpenShift sets users, groups and
// SELinux's labels itself, and rejects others.
func violations(spec corev1.PodSpec) []string {
	var found []string
	reject := func(wrong bool, what string) {
		if wrong {
			found = append(found, what)
		}
	}
	pod := spec.SecurityContext
	reject(spec.HostNetwork || spec.HostPID || spec.HostIPC, "the node's namespaces")
	reject(pod.RunAsUser != nil, fmt.Sprint("user ", pod.RunAsUser))
	reject(pod.FSGroup != nil || len(pod.SupplementalGroups) > 0, "groups")
	reject(pod.SELinuxOptions != nil, "a label of SELinux")
	reject(pod.SeccompProfile != nil && pod.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault, "a seccomp profile")
	for _, v := range spec.Volumes {
		reject(v.ConfigMap == nil && v.CSI == nil && v.DownwardAPI == nil && v.EmptyDir == nil && v.Ephemeral == nil &&
			v.PersistentVolumeClaim == nil && v.Projected == nil && v.Secret == nil, "volume "+v.Name)
	}
	for _, c := range containers(spec) {
		s := c.SecurityContext
		reject(s.RunAsUser != nil || s.SELinuxOptions != nil || s.SeccompProfile != nil || s.Privileged != nil && *s.Privileged, c.Name)
		reject(s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation, c.Name+" may gain privileges")
		reject(!slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(s.Capabilities.Add) > 0, "capabilities of "+c.Name)
		reject(slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.HostPort != 0 }), "a port of the node")
	}
	return found
}

func TestAgentsMayHaveALabelOfSELinux(t *testing.T) {
	t.Parallel()
	spec := get[*appsv1.DaemonSet](t, render(t, spire, "spire: {agent: {podSecurityContext: {seLinuxOptions: {type: spc_t}}}}"), "spire-agent").Spec.Template.Spec
	assert.Equal(t, "spc_t", spec.SecurityContext.SELinuxOptions.Type)
	assert.Equal(t, new(int64(65532)), spec.SecurityContext.RunAsUser, "other settings stay")
}

// TestServiceMeshesLeavePodsAlone: meshes inject no proxy where it would do harm. Agents reach the
// server without one, and the pod of helm test has to end. Meshes inject none into the agents,
// because they use the node's network.
func TestServiceMeshesLeavePodsAlone(t *testing.T) {
	t.Parallel()
	inject := func(object metav1.ObjectMeta) []string {
		return []string{object.Labels["sidecar.istio.io/inject"], object.Annotations["linkerd.io/inject"]}
	}
	objects := render(t, spire)
	assert.Equal(t, []string{"false", "disabled"}, inject(get[*appsv1.StatefulSet](t, objects, "spire-server").Spec.Template.ObjectMeta))
	assert.Equal(t, []string{"false", "disabled"}, inject(get[*corev1.Pod](t, objects, "agentcube-test").ObjectMeta))
	assert.Equal(t, []string{"", ""}, inject(get[*appsv1.Deployment](t, objects, "agentcube-router").Spec.Template.ObjectMeta))
	assert.True(t, get[*appsv1.DaemonSet](t, objects, "spire-agent").Spec.Template.Spec.HostNetwork)

	objects = render(t, plain, "test: {podLabels: {sidecar.istio.io/inject: true}, podAnnotations: {linkerd.io/inject: enabled}}")
	assert.Equal(t, []string{"true", "enabled"}, inject(get[*corev1.Pod](t, objects, "agentcube-test").ObjectMeta))
}

// TestMesh: before the proxy of a service mesh has started, each
// address refuses, and the containers that wait end at once. Where only some do, they wait.
func TestMesh(t *testing.T) {
	t.Parallel()
	const nc = "timeout() { for address in %s; do [ \"$3\" != $address ] || { echo \"nc: can't connect to remote host: Connection refused\" >&2; return 1; }; done; [ \"$3\" != 192.0.2.1 ] || return 143; }\n"
	const says = "a service mesh gives this pod its network later: the program starts without this wait\n"
	for deployment, waits := range map[string][]string{"agentcube-router": {"wait-for-redis", "wait-for-workloadmanager"}, "workloadmanager": {"wait-for-redis"}} {
		for _, name := range waits {
			script := waiting(t, deployment, name, plain)
			said, err := shell(t, fmt.Sprintf(nc, "kubernetes.default.svc 192.0.2.1")+script, nil)
			require.NoError(t, err, said)
			assert.Equal(t, says, said)
			for _, refusing := range []string{"kubernetes.default.svc", "192.0.2.1", "nothing"} {
				redis := newStore(t, "127.0.0.1:0", "+PONG\r\n")
				said, err := shell(t, fmt.Sprintf(nc, refusing)+script, map[string]string{"redis:6379": redis.address})
				require.NoError(t, err, said)
				assert.NotContains(t, said, says, refusing)
			}
		}
	}
}

// TestListenAddresses: probes, agents and Prometheus reach them also where
// pods have addresses of IPv6 only.
func TestListenAddresses(t *testing.T) {
	t.Parallel()
	needsIPv6(t)
	objects := render(t, spire, "spire: {server: {metrics: {enabled: true}}, agent: {metrics: {enabled: true}}}")
	server, agent := configured(t, objects, "spire-server"), configured(t, objects, "spire-agent")
	for name, address := range map[string]any{
		"the server": server.at("server", "bind_address"), "its health": server.at("health_checks", "bind_address"),
		"its metrics": server.at("telemetry", "Prometheus", "host"), "the agent's metrics": agent.at("telemetry", "Prometheus", "host"),
	} {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort(address.(string), "0"))
		require.NoError(t, err, name)
		t.Cleanup(func() { _ = listener.Close() })
		_, port, err := net.SplitHostPort(listener.Addr().String())
		require.NoError(t, err)
		for _, loopback := range []string{"127.0.0.1", "::1"} {
			connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", net.JoinHostPort(loopback, port))
			require.NoError(t, err, "%s at %s", name, loopback)
			_ = connection.Close()
		}
	}
}
