package templatestests

import (
	"cmp"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// each of the two programs: its section in the values, and its name.
var programs = map[string]string{"router": "agentcube-router", "workloadmanager": "workloadmanager"}

func TestPodsTakeTheUsersAdditions(t *testing.T) {
	t.Parallel()
	for section, name := range programs {
		deployment := get[*appsv1.Deployment](t, render(t, spire, section+`:
  extraEnv: [{name: A, value: b}]
  extraArgs: [--more]
  extraVolumes: [{name: extra, emptyDir: {}}]
  extraVolumeMounts: [{name: extra, mountPath: /extra}]
  extraContainers: [{name: beside, image: "beside:1"}]
  annotations: {deployment: annotated}
  podAnnotations: {pod: annotated}
  podLabels: {team: agents}
  nodeSelector: {disk: ssd}
  tolerations: [{key: gpu, operator: Exists}]
  affinity: {nodeAffinity: {}}
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {}}]
  priorityClassName: high`), name)
		template := deployment.Spec.Template
		c := container(t, template.Spec, name)

		assert.Equal(t, "b", env(c)["A"])
		assert.Contains(t, c.Args, "--more")
		assert.Contains(t, c.VolumeMounts, corev1.VolumeMount{Name: "extra", MountPath: "/extra"})
		assert.NotNil(t, volume(t, template.Spec, "extra").EmptyDir)
		assert.Equal(t, "beside:1", container(t, template.Spec, "beside").Image)
		assert.Equal(t, "annotated", deployment.Annotations["deployment"])
		assert.Equal(t, "annotated", template.Annotations["pod"])
		assert.Equal(t, "agents", template.Labels["team"])
		assert.Equal(t, map[string]string{"disk": "ssd"}, template.Spec.NodeSelector)
		assert.Equal(t, "gpu", template.Spec.Tolerations[0].Key)
		assert.Equal(t, &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}, template.Spec.Affinity)
		assert.Equal(t, "zone", template.Spec.TopologySpreadConstraints[0].TopologyKey)
		assert.Equal(t, "high", template.Spec.PriorityClassName)
	}
}

// A variable of the user's takes the place of the chart's.
func TestUserVariable(t *testing.T) {
	t.Parallel()
	forms := map[string]string{"REDIS_ADDR": "theirs:1", "REDIS_PASSWORD_REQUIRED": "FALSE", "WORKLOAD_MANAGER_URL": "http://theirs"}
	for section, name := range programs {
		ours := container(t, get[*appsv1.Deployment](t, render(t, spire), name).Spec.Template.Spec, name).Env
		for _, variable := range ours {
			theirs := cmp.Or(forms[variable.Name], "theirs")
			given := section + ": {extraEnv: [{name: FIRST, value: a}, {name: " + variable.Name + ", value: '" + theirs + "'}]}"
			now := container(t, get[*appsv1.Deployment](t, render(t, spire, given), name).Spec.Template.Spec, name).Env

			var expected []corev1.EnvVar
			for _, other := range ours {
				if other.Name != variable.Name {
					expected = append(expected, other)
				}
			}
			expected = append(expected, corev1.EnvVar{Name: "FIRST", Value: "a"}, corev1.EnvVar{Name: variable.Name, Value: theirs})
			assert.Equal(t, expected, now)
		}
	}
}

func TestSeveralReplicasKeepApart(t *testing.T) {
	t.Parallel()
	for section, name := range programs {
		assert.Nil(t, get[*appsv1.Deployment](t, render(t, plain), name).Spec.Template.Spec.Affinity)

		several := get[*appsv1.Deployment](t, render(t, plain, section+": {replicas: 2}"), name).Spec.Template.Spec.Affinity
		require.NotNil(t, several, name)
		term := several.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].PodAffinityTerm
		assert.Equal(t, "kubernetes.io/hostname", term.TopologyKey)
		assert.Equal(t, map[string]string{"app": name}, term.LabelSelector.MatchLabels)
	}
}

// Autoscaling decides on the replicas.
func TestAutoscaledReplicas(t *testing.T) {
	t.Parallel()
	for section, name := range programs {
		objects := render(t, plain, section+": {autoscaling: {enabled: true, minReplicas: 3, maxReplicas: 7}}")
		assert.Nil(t, get[*appsv1.Deployment](t, objects, name).Spec.Replicas, "an upgrade must not undo the autoscaler's number")
		scaler := get[*autoscalingv2.HorizontalPodAutoscaler](t, objects, name).Spec
		assert.Equal(t, name, scaler.ScaleTargetRef.Name)
		assert.Equal(t, int32(3), *scaler.MinReplicas)
		assert.Equal(t, int32(7), scaler.MaxReplicas)
	}
	assert.Empty(t, all[*autoscalingv2.HorizontalPodAutoscaler](render(t, plain)))
}

func TestDrainedNodesLeaveSomePods(t *testing.T) {
	t.Parallel()
	objects := render(t, spire, `
router: {podDisruptionBudget: {enabled: true}}
workloadmanager: {podDisruptionBudget: {enabled: true, maxUnavailable: 50%}}
spire: {server: {podDisruptionBudget: {enabled: true}}}`)
	assert.Equal(t, "1", get[*policyv1.PodDisruptionBudget](t, objects, "agentcube-router").Spec.MaxUnavailable.String())
	assert.Equal(t, "50%", get[*policyv1.PodDisruptionBudget](t, objects, "workloadmanager").Spec.MaxUnavailable.String())
	assert.Equal(t, "1", get[*policyv1.PodDisruptionBudget](t, objects, "spire-server").Spec.MaxUnavailable.String())
	assert.Empty(t, all[*policyv1.PodDisruptionBudget](render(t, spire)))
}

// NetworkPolicies let only the right pods in.
func TestNetworkPolicies(t *testing.T) {
	t.Parallel()
	objects := render(t, `
redis: {embedded: {enabled: true}}
networkPolicies: {enabled: true, nodeCIDRs: [10.1.0.0/16, 10.2.0.0/16]}
spire: {enabled: true}`)
	assert.Equal(t, []string{"app=agentcube-router"}, allowedPods(t, objects, "workloadmanager"))
	assert.Equal(t, []string{"app=agentcube-router", "app=workloadmanager"}, allowedPods(t, objects, "agentcube-redis"))

	server := get[*networkingv1.NetworkPolicy](t, objects, "spire-server").Spec
	require.Len(t, server.Ingress, 1)
	require.Len(t, server.Ingress[0].From, 2)
	assert.Equal(t, "10.1.0.0/16", server.Ingress[0].From[0].IPBlock.CIDR)
	assert.Equal(t, "10.2.0.0/16", server.Ingress[0].From[1].IPBlock.CIDR)
	assert.Equal(t, "grpc", server.Ingress[0].Ports[0].Port.StrVal)

	several := render(t, spire, twoServers, "networkPolicies: {enabled: true, nodeCIDRs: [10.1.0.0/16]}")
	from := get[*networkingv1.NetworkPolicy](t, several, "spire-server").Spec.Ingress[0].From
	require.Len(t, from, 2)
	assert.Equal(t, map[string]string{"app": "spire-server"}, from[1].PodSelector.MatchLabels, "servers wait for the first one")

	assert.Empty(t, all[*networkingv1.NetworkPolicy](render(t, spire)))
}

func allowedPods(t testing.TB, objects []client.Object, policy string) []string {
	t.Helper()
	spec := get[*networkingv1.NetworkPolicy](t, objects, policy).Spec
	require.Len(t, spec.Ingress, 1)
	var pods []string
	for _, peer := range spec.Ingress[0].From {
		pods = append(pods, "app="+peer.PodSelector.MatchLabels["app"])
	}
	return pods
}

// Passwords never stand in a pod's manifest.
func TestPasswords(t *testing.T) {
	t.Parallel()
	objects := render(t, "{redis: {embedded: {enabled: true}, password: s3cret}, spire: {enabled: true}}")
	for _, program := range []string{"agentcube-router", "workloadmanager", "agentcube-redis"} {
		deployment := get[*appsv1.Deployment](t, objects, program)
		manifest, err := json.Marshal(deployment)
		require.NoError(t, err)
		assert.NotContains(t, string(manifest), "s3cret", program)

		var secrets []string
		for _, c := range deployment.Spec.Template.Spec.Containers {
			for _, v := range c.Env {
				if v.Name == "REDIS_PASSWORD" {
					require.NotNil(t, v.ValueFrom, program)
					secrets = append(secrets, v.ValueFrom.SecretKeyRef.Name)
				}
			}
		}
		assert.Equal(t, []string{"agentcube-redis"}, secrets, program)
	}
}

func TestRedisWithoutAPasswordIsSaid(t *testing.T) {
	t.Parallel()
	for _, name := range programs {
		c := container(t, get[*appsv1.Deployment](t, render(t, plain), name).Spec.Template.Spec, name)
		assert.Equal(t, "false", env(c)["REDIS_PASSWORD_REQUIRED"])
		assert.NotContains(t, env(c), "REDIS_PASSWORD")
	}
}

func TestJWTSettingsBecomeFlags(t *testing.T) {
	t.Parallel()
	c := container(t, get[*appsv1.Deployment](t, render(t, plain, `
router: {jwt: {issuerUrl: "https://issuer", audience: agents, roleClaim: roles, requiredRole: caller}}`), "agentcube-router").Spec.Template.Spec, "agentcube-router")
	assert.Equal(t, []string{
		"--port=8080", "--debug", "--jwt-issuer-url=https://issuer", "--jwt-audience=agents", "--jwt-role-claim=roles", "--jwt-required-role=caller",
	}, c.Args)
}

// The test of a release asks only what it may reach.
func TestHelmTestReach(t *testing.T) {
	t.Parallel()
	script := func(given ...string) string {
		return get[*corev1.ConfigMap](t, render(t, given...), "agentcube-test").Data["test.sh"]
	}
	assert.Contains(t, script(plain), `"http://$workloadmanager:8080/health"`)
	assert.Contains(t, script(plain), "the WorkloadManager is healthy")
	assert.NotContains(t, script(plain, "networkPolicies: {enabled: true}"), "the WorkloadManager is healthy")
	assert.Contains(t, script(spire), "the WorkloadManager refuses plain HTTP")
	assert.Contains(t, script(spire), "the WorkloadManager refuses a client without a certificate")
}

// TestLowPortsNeedNoRoot: what is not root may open a port below 1024 only by this setting, which
// containerd makes since version 2, and older ones do not.
func TestLowPortsNeedNoRoot(t *testing.T) {
	t.Parallel()
	low := corev1.Sysctl{Name: "net.ipv4.ip_unprivileged_port_start", Value: "0"}
	for given, names := range map[string][]string{
		"router: {service: {targetPort: 80}}":                                                           {"agentcube-router"},
		"router: {podSecurityContext: null, service: {targetPort: 1023}}":                               {"agentcube-router"},
		"router: {extraContainers: [{name: a, image: b, ports: [{containerPort: 53, protocol: UDP}]}]}": {"agentcube-router"},
		"workloadmanager: {service: {mtlsPort: 443}}":                                                   {"workloadmanager"},
		"spire: {spiffeHelper: {healthPort: 81}}":                                                       {"agentcube-router", "workloadmanager"},
		"spire: {server: {metrics: {enabled: true, port: 82}}}":                                         {"spire-server"},
		"spire: {server: {extraConfig: {federation: {bundle_endpoint: {port: 443}}}}}":                  {"spire-server"},
		"{router: {service: {port: 80, targetPort: 1024}}, workloadmanager: {service: {port: 80}}}":     nil,
		"spire: {server: {service: {port: 443}, metrics: {port: 82}}}":                                  nil,
	} {
		objects := render(t, spire, given)
		for name, pod := range map[string]corev1.PodSpec{
			"agentcube-router": get[*appsv1.Deployment](t, objects, "agentcube-router").Spec.Template.Spec,
			"workloadmanager":  get[*appsv1.Deployment](t, objects, "workloadmanager").Spec.Template.Spec,
			"spire-server":     get[*appsv1.StatefulSet](t, objects, "spire-server").Spec.Template.Spec,
		} {
			assert.Equal(t, slices.Contains(names, name), slices.Contains(pod.SecurityContext.Sysctls, low), "%s: %s", given, name)
		}
	}

	context := func(sysctl string) *corev1.PodSecurityContext {
		objects := render(t, plain, "router: {service: {targetPort: 80}, podSecurityContext: {sysctls: [{name: "+sysctl+", value: '1'}]}}")
		return get[*appsv1.Deployment](t, objects, "agentcube-router").Spec.Template.Spec.SecurityContext
	}
	assert.Equal(t, []corev1.Sysctl{{Name: "kernel.shm_rmid_forced", Value: "1"}, low}, context("kernel.shm_rmid_forced").Sysctls)
	for _, name := range []string{low.Name, "net/ipv4/ip_unprivileged_port_start"} {
		assert.Equal(t, []corev1.Sysctl{{Name: name, Value: "1"}}, context(name).Sysctls, "the user's")
	}
	assert.NotNil(t, get[*appsv1.Deployment](t, render(t, "redis: {embedded: {enabled: true}}", "router: {service: {targetPort: 80}}"), "agentcube-router").Spec.Template.Spec.SecurityContext.RunAsNonRoot, "what else is there stays")
}
