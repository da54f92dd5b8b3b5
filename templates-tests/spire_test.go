package templatestests

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"agentcube-mtls/templates-tests/chart"
)

// config is the one file in a ConfigMap.
func config(t testing.TB, objects []client.Object, name string) string {
	t.Helper()
	data := get[*corev1.ConfigMap](t, objects, name).Data
	require.Len(t, data, 1, name)
	for _, content := range data {
		return content
	}
	return ""
}

func volume(t testing.TB, spec corev1.PodSpec, name string) corev1.Volume {
	t.Helper()
	for _, v := range spec.Volumes {
		if v.Name == name {
			return v
		}
	}
	require.FailNowf(t, "volume not rendered", "want a volume named %s", name)
	return corev1.Volume{}
}

// Certificates are there before the program starts.
func TestCertificatesComeFirst(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"agentcube-router", "workloadmanager"} {
		spec := get[*appsv1.Deployment](t, render(t, spire), name).Spec.Template.Spec
		require.Greater(t, len(spec.InitContainers), 1, name)
		wait, helper := spec.InitContainers[0], spec.InitContainers[1]
		assert.Equal(t, "wait-for-agent", wait.Name, "the helper retries an unavailable agent with exponential backoff")
		assert.Contains(t, wait.Command[2], "--unix-socket /run/spire/agent-sockets/spire-agent.sock ")
		assert.Equal(t, []corev1.VolumeMount{{Name: "workload-api", MountPath: "/run/spire/agent-sockets", ReadOnly: true}}, wait.VolumeMounts)
		assert.Equal(t, "spiffe-helper", helper.Name)
		require.NotNil(t, helper.RestartPolicy, "a native sidecar")
		assert.Equal(t, corev1.ContainerRestartPolicyAlways, *helper.RestartPolicy)
		assert.Equal(t, "/ready", helper.StartupProbe.HTTPGet.Path)
		assert.Equal(t, int32(8089), helper.Ports[0].ContainerPort)
		assert.Equal(t, corev1.StorageMediumMemory, volume(t, spec, "certificates").EmptyDir.Medium, "private keys stay in memory")
	}
}

// Servers without native sidecars get an ordinary one.
func TestOrdinarySidecar(t *testing.T) {
	t.Parallel()
	release := chart.Release{Values: values(t, spire), Kubernetes: "v1.28.15"}
	spec := get[*appsv1.Deployment](t, renderRelease(t, release), "agentcube-router").Spec.Template.Spec
	require.NotEmpty(t, spec.InitContainers)
	assert.Equal(t, "wait-for-agent", spec.InitContainers[0].Name)
	for _, c := range spec.InitContainers {
		assert.NotEqual(t, "spiffe-helper", c.Name)
	}
	assert.Nil(t, container(t, spec, "spiffe-helper").RestartPolicy)

	manifests, err := release.Render()
	require.NoError(t, err)
	assert.Contains(t, manifests["agentcube/templates/NOTES.txt"], "no native sidecars")
}

// Agents wait for the bundle that the server publishes.
func TestAgentsWaitForBundle(t *testing.T) {
	t.Parallel()
	objects := render(t, spire)

	assert.Nil(t, get[*corev1.ConfigMap](t, objects, "spire-bundle").Data, "an upgrade must not take away what the server wrote")
	notifier := func(key string) any {
		return configured(t, objects, "spire-server").at("plugins", "Notifier", "k8sbundle", "plugin_data", key)
	}
	assert.Equal(t, "spire-bundle", notifier("config_map"))
	assert.Equal(t, "bundle.crt", notifier("config_map_key"))

	pod := get[*appsv1.DaemonSet](t, objects, "spire-agent").Spec.Template.Spec
	bundle := volume(t, pod, "bundle").ConfigMap
	assert.Equal(t, "spire-bundle", bundle.Name)
	assert.Equal(t, []corev1.KeyToPath{{Key: "bundle.crt", Path: "bundle.crt"}}, bundle.Items)
	assert.Equal(t, new(true), bundle.Optional, "the kubelet retries a rejected volume with exponential backoff")
	assert.Len(t, pod.InitContainers, 1, "each container that waits costs the switch a second more")
	assert.Contains(t, pod.Containers[0].VolumeMounts, corev1.VolumeMount{Name: "bundle", MountPath: "/run/spire/bundle", ReadOnly: true})

	agent := configured(t, objects, "spire-agent")
	assert.Equal(t, "/run/spire/bundle/bundle.crt", agent.at("agent", "trust_bundle_path"))
	assert.Equal(t, "auto", agent.at("agent", "rebootstrap_mode"), "agents recover without intervention from a server that lost its keys")
	assert.Nil(t, agent.at("agent", "insecure_bootstrap"))
}

// A proxy outside of the cluster may answer for a Service that the node does not know yet.
func TestAgentsWaitForServer(t *testing.T) {
	t.Parallel()
	calls := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		if calls < 3 {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/grpc")
	}))
	server.EnableHTTP2 = true
	wait := get[*appsv1.DaemonSet](t, render(t, spire), "spire-agent").Spec.Template.Spec.InitContainers[0]
	said, err := shell(t, wait.Command[2], map[string]string{"spire-server.agentcube.svc:8081": serving(t, server, &tls.Config{})})
	require.NoError(t, err, said)
	assert.Equal(t, "wait-for-server", wait.Name)
	assert.Equal(t, 3, calls, "two that a proxy answered, and the server's")
}

// Insecure bootstrap needs no bundle.
func TestInsecureBootstrap(t *testing.T) {
	t.Parallel()
	objects := render(t, spire, "spire: {agent: {insecureBootstrap: true}}")
	agent := configured(t, objects, "spire-agent")
	assert.Equal(t, true, agent.at("agent", "insecure_bootstrap"))
	assert.Nil(t, agent.at("agent", "rebootstrap_mode"), "SPIRE rejects both together")
	pod := get[*appsv1.DaemonSet](t, objects, "spire-agent").Spec.Template.Spec
	assert.Len(t, pod.InitContainers, 1)
	assert.Equal(t, "wait-for-server", pod.InitContainers[0].Name)
	for _, v := range pod.Volumes {
		assert.NotEqual(t, "bundle", v.Name)
	}
}

// The kubelet is verified as the user says.
func TestKubeletVerification(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]struct {
		key   string
		value any
	}{
		"{}":                                     {"kubelet_ca_path", "/run/spire/kubelet/ca.crt"},
		"{kubeletVerification: nodeCertificate}": {"kubelet_ca_path", "/run/spire/kubelet/kubelet.crt"},
		"{kubeletVerification: clusterCA}":       {"kubelet_ca_path", "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"},
		"{kubeletVerification: skip}":            {"skip_kubelet_verification", true},
		"{skipKubeletVerification: true}":        {"skip_kubelet_verification", true},
	} {
		objects := render(t, spire, "spire: {agent: "+given+"}")
		attestor := []string{"plugins", "WorkloadAttestor", "k8s", "plugin_data"}
		assert.Equal(t, want.value, configured(t, objects, "spire-agent").at(append(attestor, want.key)...), given)

		var files []string
		for _, v := range get[*appsv1.DaemonSet](t, objects, "spire-agent").Spec.Template.Spec.Volumes {
			if v.HostPath != nil && *v.HostPath.Type == corev1.HostPathFile {
				files = append(files, v.HostPath.Path)
			}
		}
		if given == "{kubeletVerification: nodeCertificate}" {
			assert.Equal(t, []string{"/var/lib/kubelet/pki/kubelet.crt"}, files)
		} else {
			assert.Empty(t, files, "only the node's certificate is read off the node")
		}
	}
}

func TestEveryNodeGetsAnAgent(t *testing.T) {
	t.Parallel()
	spec := get[*appsv1.DaemonSet](t, render(t, spire), "spire-agent").Spec.Template.Spec
	assert.Equal(t, []corev1.Toleration{{Operator: corev1.TolerationOpExists}}, spec.Tolerations)
	assert.Equal(t, "system-node-critical", spec.PriorityClassName)
	assert.True(t, spec.HostPID, "callers are recognised by their process")
}

// Releases on one node have sockets and identities of their own.
func TestReleasesOnOneNode(t *testing.T) {
	t.Parallel()
	sockets, classes := map[string]bool{}, map[any]bool{}
	for _, namespace := range []string{"first", "second"} {
		objects := renderRelease(t, chart.Release{Namespace: namespace, Values: values(t, spire)})
		paths := map[string]bool{}
		for _, name := range []string{"agentcube-router", "workloadmanager"} {
			paths[volume(t, get[*appsv1.Deployment](t, objects, name).Spec.Template.Spec, "workload-api").HostPath.Path] = true
		}
		paths[volume(t, get[*appsv1.DaemonSet](t, objects, "spire-agent").Spec.Template.Spec, "socket").HostPath.Path] = true
		require.Len(t, paths, 1, "the agent and its clients meet in one directory")
		for path := range paths {
			sockets[path] = true
		}
		for _, id := range ofKind(objects, "ClusterSPIFFEID") {
			class := id.Object["spec"].(map[string]any)["className"]
			assert.Equal(t, class, configured(t, objects, "spire-controller-manager").at("className"))
			classes[class] = true
		}
	}
	assert.Len(t, sockets, 2)
	assert.Len(t, classes, 2)
}

// The controller manager's webhook cannot block anything.
func TestWebhook(t *testing.T) {
	t.Parallel()
	objects := render(t, spire)
	manager := container(t, get[*appsv1.StatefulSet](t, objects, "spire-server").Spec.Template.Spec, "spire-controller-manager")
	assert.Equal(t, "false", env(manager)["ENABLE_WEBHOOKS"])
	for _, object := range objects {
		assert.NotContains(t, object.GetObjectKind().GroupVersionKind().Kind, "Webhook")
	}
}

// The controller manager has its configuration.
func TestControllerManager(t *testing.T) {
	t.Parallel()
	objects := render(t, spire, "spire: {controllerManager: {gcInterval: 1m30s, ignoreNamespaces: [^a$, ^b$], watchClassless: true}}")
	manager := configured(t, objects, "spire-controller-manager")
	assert.InDelta(t, 90_000_000_000, manager.at("gcInterval"), 0, "the program reads nanoseconds only")
	assert.Equal(t, []any{"^a$", "^b$"}, manager.at("ignoreNamespaces"))
	assert.Equal(t, true, manager.at("watchClassless"))
	assert.Nil(t, manager.at("leaderElection"), "one server has nobody to elect")
}

// Several servers share a database and elect a leader.
func TestSeveralServers(t *testing.T) {
	t.Parallel()
	objects := render(t, spire, `
spire:
  server:
    replicas: 3
    dataStore: {type: postgres, connectionString: "host=db user=spire password=s3cret"}
    podDisruptionBudget: {enabled: true}`)
	server := get[*appsv1.StatefulSet](t, objects, "spire-server").Spec

	assert.Equal(t, int32(3), *server.Replicas)
	assert.Equal(t, true, configured(t, objects, "spire-controller-manager").at("leaderElection", "leaderElect"))
	assert.Contains(t, get[*rbacv1.Role](t, objects, "spire-server").Rules, rbacv1.PolicyRule{
		APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"},
		ResourceNames: []string{"spire-controller-manager"}, Verbs: []string{"get", "update", "patch"},
	})
	assert.NotNil(t, server.Template.Spec.Affinity.PodAntiAffinity)
	assert.False(t, get[*corev1.Service](t, objects, "spire-server").Spec.PublishNotReadyAddresses, "another server is ready")

	assert.NotContains(t, config(t, objects, "spire-server"), "s3cret", "a password belongs in a Secret")
	assert.Equal(t, "host=db user=spire password=s3cret", get[*corev1.Secret](t, objects, "spire-server-datastore").StringData["connectionString"])
	c := container(t, server.Template.Spec, "spire-server")
	assert.Contains(t, c.Args, "-expandEnv")
	assert.Equal(t, "spire-server-datastore", c.Env[0].ValueFrom.SecretKeyRef.Name)
}

// A changed connection string rolls the servers, and cannot be read off their pods.
func TestConnectionStringRollsServers(t *testing.T) {
	t.Parallel()
	checksum := func(connection string) string {
		objects := render(t, spire, "spire: {server: {dataStore: {type: postgres, connectionString: 'host=db user=spire "+connection+"'}}}")
		return get[*appsv1.StatefulSet](t, objects, "spire-server").Spec.Template.Annotations["checksum/datastore"]
	}
	assert.NotEqual(t, checksum("password=a"), checksum("password=b"))
	assert.Len(t, checksum("password=a"), 6, "too short to find the password by")
}

// The server reads the connection string as it was given.
func TestConnectionString(t *testing.T) {
	t.Parallel()
	const given = `host=db user=spire password='it\'s a "secret"'`
	user := values(t, spire, "spire: {server: {dataStore: {type: postgres}}}")
	require.NoError(t, unstructured.SetNestedField(user, given, "spire", "server", "dataStore", "connectionString"))
	objects := renderRelease(t, chart.Release{Values: user})
	assert.Equal(t, "${SPIRE_DATASTORE_CONNECTION}", configured(t, objects, "spire-server").at("plugins", "DataStore", "sql", "plugin_data", "connection_string"))
	// HCL's escapes are Go's
	read, err := strconv.Unquote(`"` + get[*corev1.Secret](t, objects, "spire-server-datastore").StringData["connectionString"] + `"`)
	require.NoError(t, err)
	assert.Equal(t, given, read)
}

// The server's pod takes volumes of the user.
func TestServerVolumes(t *testing.T) {
	t.Parallel()
	pod := get[*appsv1.StatefulSet](t, render(t, spire, `
spire:
  server:
    extraVolumes: [{name: database-ca, secret: {secretName: ca}}]
    extraVolumeMounts: [{name: database-ca, mountPath: /ca, readOnly: true}]`), "spire-server").Spec.Template.Spec
	assert.Equal(t, "ca", volume(t, pod, "database-ca").Secret.SecretName)
	assert.Contains(t, container(t, pod, "spire-server").VolumeMounts, corev1.VolumeMount{Name: "database-ca", MountPath: "/ca", ReadOnly: true})
}

// The Secret of the database may be the user's.
func TestDatabaseSecret(t *testing.T) {
	t.Parallel()
	objects := render(t, spire, "spire: {server: {dataStore: {type: mysql, secretName: mine, secretKey: dsn}}}")
	ref := container(t, get[*appsv1.StatefulSet](t, objects, "spire-server").Spec.Template.Spec, "spire-server").Env[0].ValueFrom.SecretKeyRef
	assert.Equal(t, "mine", ref.Name)
	assert.Equal(t, "dsn", ref.Key)
	for _, secret := range all[*corev1.Secret](objects) {
		assert.NotEqual(t, "spire-server-datastore", secret.Name)
	}
}

func TestWhoSignsTheCA(t *testing.T) {
	t.Parallel()
	objects := render(t, spire, "spire: {server: {upstreamAuthority: {type: secret, secretName: ca}}}")
	upstream := func(key ...string) any {
		return configured(t, objects, "spire-server").at(append([]string{"plugins", "UpstreamAuthority"}, key...)...)
	}
	assert.NotNil(t, upstream("disk", "plugin_data", "cert_file_path"))
	assert.Nil(t, upstream("disk", "plugin_data", "bundle_file_path"), "the CA is a root itself")
	assert.Equal(t, "ca", volume(t, get[*appsv1.StatefulSet](t, objects, "spire-server").Spec.Template.Spec, "upstream-authority").Secret.SecretName)

	objects = render(t, spire, "spire: {server: {upstreamAuthority: {type: secret, secretName: ca, bundleKey: ca.crt}}}")
	assert.Equal(t, "/run/spire/upstream-authority/ca.crt", upstream("disk", "plugin_data", "bundle_file_path"))

	objects = render(t, spire, "spire: {server: {upstreamAuthority: {type: certManager, issuerName: ca}}}")
	assert.Equal(t, "ca", upstream("cert-manager", "plugin_data", "issuer_name"))
	assert.Contains(t, get[*rbacv1.Role](t, objects, "spire-server").Rules, rbacv1.PolicyRule{
		APIGroups: []string{"cert-manager.io"}, Resources: []string{"certificaterequests"}, Verbs: []string{"get", "list", "create", "delete"},
	})
}

// Server settings reach its configuration.
func TestServerSettings(t *testing.T) {
	t.Parallel()
	server := configured(t, render(t, spire, `
spire:
  trustDomain: example.org
  clusterName: east
  server:
    ca: {ttl: 72h, x509SvidDefaultTtl: 30m}
    keyManager: memory
    jwtIssuer: https://issuer.example.org
    logLevel: debug
    metrics: {enabled: true, port: 9000}
    extraConfig: {agent_ttl: 2h, ratelimit: {attestation: false}}`), "spire-server")
	for path, want := range map[string]any{
		"server trust_domain": "example.org", "server ca_ttl": "72h", "server default_x509_svid_ttl": "30m",
		"server jwt_issuer": "https://issuer.example.org", "server log_level": "debug", "server agent_ttl": "2h",
		"server ratelimit attestation": false, "telemetry Prometheus host": "0.0.0.0", "telemetry Prometheus port": 9000,
	} {
		assert.Equal(t, want, server.at(strings.Fields(path)...), path)
	}
	assert.NotNil(t, server.at("plugins", "KeyManager", "memory"))
	assert.NotNil(t, server.at("plugins", "NodeAttestor", "k8s_psat", "plugin_data", "clusters", "east"))
}

// Agent settings reach their configuration.
func TestAgentSettings(t *testing.T) {
	t.Parallel()
	agent := configured(t, render(t, spire, `
spire:
  trustDomain: example.org
  clusterName: east
  server: {service: {port: 9081}}
  agent:
    syncInterval: 7s
    logLevel: debug
    metrics: {enabled: true, port: 9000}
    extraConfig: {sds: {default_svid_name: svid}}`), "spire-agent")
	for path, want := range map[string]any{
		"agent trust_domain": "example.org", "agent server_port": 9081, "agent experimental sync_interval": "7s", "agent log_level": "debug",
		"agent sds default_svid_name": "svid", "plugins NodeAttestor k8s_psat plugin_data cluster": "east",
		"telemetry Prometheus host": "0.0.0.0", "telemetry Prometheus port": 9000,
	} {
		assert.Equal(t, want, agent.at(strings.Fields(path)...), path)
	}
}

func TestTheVolumeOfTheServer(t *testing.T) {
	t.Parallel()
	server := get[*appsv1.StatefulSet](t, render(t, spire, "spire: {server: {persistence: {size: 3Gi, storageClass: fast, whenDeleted: Delete}}}"), "spire-server")
	claim := server.Spec.VolumeClaimTemplates[0].Spec
	assert.Equal(t, "3Gi", claim.Resources.Requests.Storage().String())
	assert.Equal(t, "fast", *claim.StorageClassName)
	assert.Equal(t, appsv1.DeletePersistentVolumeClaimRetentionPolicyType, server.Spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted)
}

// Each trust domain has a folder of its own on the server's volume.
func TestFolderOfTrustDomain(t *testing.T) {
	t.Parallel()
	server := get[*appsv1.StatefulSet](t, render(t, spire, "spire: {trustDomain: example.org}"), "spire-server")
	assert.Contains(t, server.Spec.Template.Spec.Containers[0].VolumeMounts, corev1.VolumeMount{
		Name: "data", MountPath: "/run/spire/data", SubPath: "example.org",
	})
}

func TestTheVolumeOfTheServerIsKept(t *testing.T) {
	t.Parallel()
	server := get[*appsv1.StatefulSet](t, render(t, spire), "spire-server")
	assert.Equal(t, &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
		WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType, WhenScaled: appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
	}, server.Spec.PersistentVolumeClaimRetentionPolicy)
}

func TestMetricsAreFoundByPodMonitors(t *testing.T) {
	t.Parallel()
	const monitored = "{metrics: {enabled: true, podMonitor: {enabled: true, labels: {release: prometheus}}}}"
	objects := render(t, spire, "spire: {server: "+monitored+", agent: "+monitored+"}")
	monitors := ofKind(objects, "PodMonitor")
	require.Len(t, monitors, 2)
	for _, monitor := range monitors {
		assert.Equal(t, "prometheus", monitor.GetLabels()["release"])
	}
	for name, spec := range map[string]corev1.PodSpec{
		"spire-server": get[*appsv1.StatefulSet](t, objects, "spire-server").Spec.Template.Spec,
		"spire-agent":  get[*appsv1.DaemonSet](t, objects, "spire-agent").Spec.Template.Spec,
	} {
		var names []string
		for _, port := range container(t, spec, name).Ports {
			names = append(names, port.Name)
		}
		assert.Contains(t, names, "metrics", name)
	}
}
