package apiserver_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"agentcube-mtls/templates-tests/apiserver"
)

// userOfV010 are settings that a user of v0.1.0 may have made.
const userOfV010 = `
redis: {addr: "redis.example:6379", password: secret}
router: {replicas: 3, serviceAccountName: agentcube-router, rbac: {create: true}, service: {port: 80}, extraEnv: [{name: A, value: b}]}
workloadmanager: {image: {tag: v1}, service: {port: 9090}, resources: {requests: {cpu: 250m}}}
volcano: {scheduler: {enabled: true}}`

// A release of v0.1.0 turns mutual TLS on and off and rolls back.
func TestUpgradeOfV010(t *testing.T) {
	t.Parallel()
	agentcubesOwn.Lock()
	defer agentcubesOwn.Unlock()
	withSpireCRDs(t)
	//nolint:paralleltest // the lock is held until they have ended
	for _, how := range []reuse{reuseValues, resetThenReuseValues, neither} {
		t.Run(string(how), func(t *testing.T) {
			name := "upgrade-" + strings.Trim(string(how), "-")
			agentcube := newRelease(t, name, name)
			// With neither flag, helm keeps no values, and each upgrade passes all of them.
			given := func(more string) string {
				if how == neither {
					return userOfV010 + "\n" + more
				}
				return more
			}

			require.NoError(t, agentcube.install(v010(t), userOfV010))
			old := objects(t, agentcube.namespace)

			require.NoError(t, agentcube.upgrade(how, given("spire: {enabled: false}")))
			keepsWhatTheUserSet(t, agentcube.namespace)
			plain := objects(t, agentcube.namespace)

			require.NoError(t, agentcube.upgrade(how, given("spire: {enabled: true}")))
			keepsWhatTheUserSet(t, agentcube.namespace)
			spire := objects(t, agentcube.namespace)
			assert.Contains(t, spire.Since(plain), "statefulsets.apps "+agentcube.namespace+"/spire-server")

			require.NoError(t, agentcube.upgrade(how, given("spire: {enabled: false}")))
			assert.Equal(t, plain.Meant(), objects(t, agentcube.namespace).Meant(), "mutual TLS on and off again leaves what was")

			if how == reuseValues { // a rollback asks for no values: once shows it for all
				require.NoError(t, agentcube.rollback(3))
				assert.Equal(t, spire.Meant(), objects(t, agentcube.namespace).Meant(), "a rollback from plain to mutual TLS brings all of it back")
				require.NoError(t, agentcube.rollback(2))
				assert.Equal(t, plain.Meant(), objects(t, agentcube.namespace).Meant(), "a rollback from mutual TLS to plain brings all of it back")
			}
			require.NoError(t, agentcube.rollback(1))
			assert.Equal(t, old.Meant(), objects(t, agentcube.namespace).Meant(), "a rollback to v0.1.0 brings all of it back")
		})
	}
}

// keepsWhatTheUserSet reads userOfV010 back from what the server stored.
func keepsWhatTheUserSet(t *testing.T, namespace string) {
	t.Helper()
	router := deployment(t, namespace, "agentcube-router")
	assert.Equal(t, int32(3), *router.Spec.Replicas)
	assert.Equal(t, "agentcube-router", router.Spec.Template.Spec.ServiceAccountName)
	environment := map[string]string{}
	for _, variable := range router.Spec.Template.Spec.Containers[0].Env {
		environment[variable.Name] = variable.Value
	}
	assert.Equal(t, "redis.example:6379", environment["REDIS_ADDR"])
	assert.Equal(t, "b", environment["A"])

	manager := deployment(t, namespace, "workloadmanager").Spec.Template.Spec.Containers[0]
	assert.Equal(t, "ghcr.io/volcano-sh/workloadmanager:v1", manager.Image)
	assert.Equal(t, "250m", manager.Resources.Requests.Cpu().String())

	service, err := client(t).CoreV1().Services(namespace).Get(t.Context(), "agentcube-router", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, int32(80), service.Spec.Ports[0].Port)
	deployment(t, namespace, "volcano-agent-scheduler")
}

// An upgrade leaves the trust bundle that the server published.
func TestUpgradeKeepsBundle(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "bundle", "bundle")
	require.NoError(t, agentcube.install(base, spire))
	bundles := client(t).CoreV1().ConfigMaps(agentcube.namespace)
	bundle, err := bundles.Get(t.Context(), "spire-bundle", metav1.GetOptions{})
	require.NoError(t, err)
	bundle.Data = map[string]string{"bundle.crt": "published"}
	_, err = bundles.Update(t.Context(), bundle, metav1.UpdateOptions{})
	require.NoError(t, err)

	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {server: {ca: {ttl: 48h}}}"))
	bundle, err = bundles.Get(t.Context(), "spire-bundle", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"bundle.crt": "published"}, bundle.Data)
}

// Switching autoscaling on leaves the number of pods that run.
func TestAutoscalingSwitchedOn(t *testing.T) {
	t.Parallel()
	agentcube := newRelease(t, "autoscaling", "autoscaling")
	require.NoError(t, agentcube.install(base, "{redis: {addr: 'redis:6379', password: secret}, router: {replicas: 4}, workloadmanager: {replicas: 3}}"))
	const scaled = "{autoscaling: {enabled: true}}"
	for _, how := range []string{"on", "and again"} {
		require.NoError(t, agentcube.upgrade(reuseValues, "{router: "+scaled+", workloadmanager: "+scaled+"}"), how)
		assert.Equal(t, int32(4), *deployment(t, agentcube.namespace, "agentcube-router").Spec.Replicas, how)
		assert.Equal(t, int32(3), *deployment(t, agentcube.namespace, "workloadmanager").Spec.Replicas, how)
	}
}

// objects are those of the releases in these namespaces, or all that there are.
func objects(t testing.TB, namespaces ...string) apiserver.Objects {
	t.Helper()
	all, err := server.Objects(t.Context())
	require.NoError(t, err)
	if len(namespaces) == 0 {
		return all
	}
	return all.Of(namespaces...)
}

func client(t testing.TB) kubernetes.Interface {
	t.Helper()
	made, err := kubernetes.NewForConfig(server.Config)
	require.NoError(t, err)
	return made
}

func deployment(t testing.TB, namespace, name string) *appsv1.Deployment {
	t.Helper()
	found, err := client(t).AppsV1().Deployments(namespace).Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	return found
}
