package apiserver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/templates-tests/apiserver"
)

// A typo in the values is named and changes nothing.
func TestTypo(t *testing.T) {
	t.Parallel()
	agentcube, another := newRelease(t, "typo", "typo"), newRelease(t, "typo-either", "typo-either")
	require.NoError(t, agentcube.install(base, plain))
	before := objects(t, agentcube.namespace, another.namespace)

	for _, how := range []reuse{reuseValues, resetThenReuseValues, neither} {
		require.ErrorContains(t, agentcube.upgrade(how, "router: {replica: 2}"), "replica")
	}
	require.ErrorContains(t, another.install(base, "router: {replica: 2}"), "replica")
	assert.Equal(t, before.Written(), objects(t, agentcube.namespace, another.namespace).Written())
}

// Another trust domain is rejected while SPIRE is on, and accepted after it was off.
func TestTrustDomainChange(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "trust-domain", "trust-domain")
	require.NoError(t, agentcube.install(base, spire))
	before := objects(t, agentcube.namespace)

	const another = "spire: {enabled: true, trustDomain: example.org}"
	err := agentcube.upgrade(reuseValues, another)
	require.ErrorContains(t, err, "spire.trustDomain is cluster.local in the cluster and cannot become example.org while SPIRE is on")
	require.ErrorContains(t, err, "Set spire.enabled to false in one upgrade, and in a second one to true together with the new trust domain")
	assert.Equal(t, before.Written(), objects(t, agentcube.namespace).Written())

	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: false}"))
	require.NoError(t, agentcube.upgrade(reuseValues, another))
}

// Another volume for the server is rejected while SPIRE is on, before anything changes.
func TestServerVolumeChange(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "volume", "volume")
	require.NoError(t, agentcube.install(base, "{redis: {addr: 'redis:6379', password: secret}, spire: {enabled: true, server: {persistence: {size: 2048Mi}}}}"))
	before := objects(t, agentcube.namespace)
	for persistence, sentence := range map[string]string{
		"{size: 3Gi}":          "spire.server.persistence.size is 2Gi in the cluster and cannot become 3Gi: keep it",
		"{storageClass: fast}": `spire.server.persistence.storageClass is "" in the cluster and cannot become "fast": keep it`,
	} {
		require.ErrorContains(t, agentcube.upgrade(reuseValues, "spire: {server: {persistence: "+persistence+"}}"), sentence)
	}
	assert.Equal(t, before.Written(), objects(t, agentcube.namespace).Written())

	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {server: {persistence: {size: 2Gi}}}"), "another form of the same size")
}

// A second release with mutual TLS needs another name, and is rejected before anything changes.
func TestSecondReleaseOfTheSameName(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	one, other := newRelease(t, "same", "same-name"), newRelease(t, "same", "same-name-either")
	require.NoError(t, one.install(base, spire))
	before := objects(t, one.namespace, other.namespace)
	const sentence = "the ClusterSPIFFEID same-agentcube-router belongs to the release same in the namespace same-name, " +
		"and its name, which holds no namespace, cannot be taken twice: give this release another name"
	require.ErrorContains(t, other.install(base, spire), sentence)
	assert.Equal(t, before.Written(), objects(t, one.namespace, other.namespace).Written())

	require.NoError(t, other.install(base, plain), "without mutual TLS there is nothing to share")
	assert.ErrorContains(t, other.upgrade(reuseValues, "spire: {enabled: true}"), sentence)
}

// TestSizeInAnotherFormIsTheSame: the API server stores a fraction of a unit in another unit.
func TestSizeInAnotherFormIsTheSame(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	for name, size := range map[string]string{"fraction": "1.2Gi", "large": "1024Ti"} {
		agentcube := newRelease(t, "size-"+name, "size-"+name)
		require.NoError(t, agentcube.install(base, `{redis: {addr: "redis:6379"}, spire: {enabled: true, server: {persistence: {size: `+size+`}}}}`))
		require.NoError(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"), size)
	}
}

// TestUnboundVolume: without the StorageClass that the server's volume asks
// for, SPIRE is rejected before anything changes. It runs alone, since it takes the default from
// the cluster.
//
//nolint:paralleltest // takes the default StorageClass from the cluster
func TestUnboundVolume(t *testing.T) {
	withSpireCRDs(t)
	classes := client(t).StorageV1().StorageClasses()
	setDefault := func(value string) {
		class, err := classes.Get(t.Context(), apiserver.DefaultStorageClass, metav1.GetOptions{})
		require.NoError(t, err)
		class.Annotations["storageclass.kubernetes.io/is-default-class"] = value
		_, err = classes.Update(t.Context(), class, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
	agentcube := newRelease(t, "class", "class")
	require.NoError(t, agentcube.install(base, plain))
	before := objects(t, agentcube.namespace)
	setDefault("false")
	defer setDefault("true")

	const on = "spire: {enabled: true}"
	require.ErrorContains(t, agentcube.upgrade(reuseValues, on), "spire.server.persistence.storageClass is empty, and the cluster has no default "+
		"StorageClass, so the SPIRE server would wait for its volume forever: set spire.server.persistence.storageClass to a StorageClass of the cluster (standard)")
	require.ErrorContains(t, agentcube.upgrade(reuseValues, "spire: {enabled: true, server: {persistence: {storageClass: fast}}}"),
		"the cluster has no StorageClass fast")
	assert.Equal(t, before.Written(), objects(t, agentcube.namespace).Written())

	createClaim(t, agentcube.namespace, "fast")
	const standard = "spire: {enabled: true, server: {persistence: {storageClass: standard}}}"
	require.ErrorContains(t, agentcube.upgrade(reuseValues, standard), "kubectl delete persistentvolumeclaim data-spire-server-0 --namespace class")
	deleteClaim(t, agentcube.namespace)
	require.NoError(t, agentcube.upgrade(reuseValues, standard))
}

// TestVolumeThatWasNeverMade: a server whose volume was never made is given another StorageClass
// after the command that the message names.
func TestVolumeThatWasNeverMade(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "never", "never")
	require.NoError(t, agentcube.install(base, spire))
	createClaim(t, agentcube.namespace, "fast")
	const standard = "spire: {server: {persistence: {storageClass: standard}}}"
	require.ErrorContains(t, agentcube.upgrade(reuseValues, standard),
		"kubectl delete statefulset/spire-server persistentvolumeclaim/data-spire-server-0 --namespace never")
	deleteClaim(t, agentcube.namespace)
	require.NoError(t, client(t).AppsV1().StatefulSets(agentcube.namespace).Delete(t.Context(), "spire-server", metav1.DeleteOptions{}))
	require.NoError(t, agentcube.upgrade(reuseValues, standard))
}

// createClaim creates what the StatefulSet controller does for the server's volume. Nothing binds
// it here.
func createClaim(t *testing.T, namespace, class string) {
	t.Helper()
	claims := client(t).CoreV1().PersistentVolumeClaims(namespace)
	claim, err := claims.Create(t.Context(), &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data-spire-server-0"}, Spec: corev1.PersistentVolumeClaimSpec{
		StorageClassName: &class, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
	}}, metav1.CreateOptions{})
	require.NoError(t, err)
	claim.Finalizers = nil // a controller would take them away before the claim goes
	_, err = claims.Update(t.Context(), claim, metav1.UpdateOptions{})
	require.NoError(t, err)
}

func deleteClaim(t *testing.T, namespace string) {
	t.Helper()
	require.NoError(t, client(t).CoreV1().PersistentVolumeClaims(namespace).Delete(t.Context(), "data-spire-server-0", metav1.DeleteOptions{}))
}

// TestServerWithoutAVolume: a server whose datastore and keys are elsewhere asks for no volume, and
// cannot get one later.
func TestServerWithoutAVolume(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "diskless", "diskless")
	require.NoError(t, agentcube.install(base, `{redis: {addr: "redis:6379"}, spire: {enabled: true, server: {persistence: {enabled: false}, keyManager: memory,
		dataStore: {type: postgres, connectionString: "host=db user=spire"}}}}`))
	server, err := client(t).AppsV1().StatefulSets(agentcube.namespace).Get(t.Context(), "spire-server", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Empty(t, server.Spec.VolumeClaimTemplates)
	require.NoError(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"))
	require.ErrorContains(t, agentcube.upgrade(reuseValues, "spire: {server: {persistence: {enabled: true}}}"), "spire.server.persistence.enabled is false in the cluster and cannot become true while SPIRE is on")
	assert.ErrorContains(t, agentcube.upgrade(reuseValues, "spire: {server: {keyManager: disk}}"), "spire.server.persistence.enabled is false")
}
