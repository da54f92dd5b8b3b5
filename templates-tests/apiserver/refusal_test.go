package apiserver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

func TestSpireWithoutItsCRDsIsRefusedInOneSentenceAndChangesNothing(t *testing.T) {
	removeCRDs(t, "clusterspiffeids.spire.spiffe.io", "clusterstaticentries.spire.spiffe.io", "clusterfederatedtrustdomains.spire.spiffe.io")
	const sentence = "spire.enabled needs SPIRE's CustomResourceDefinitions, which this cluster lacks: install the chart spire-crds first"
	agentcube := newRelease(t, "agentcube", "without-crds")
	require.NoError(t, agentcube.install(base, plain))
	before := objects(t)

	assert.ErrorContains(t, agentcube.upgrade(reuseValues, "spire: {enabled: true}"), sentence)
	assert.ErrorContains(t, newRelease(t, "another", "without-crds-either").install(base, spire), sentence)
	assert.Equal(t, before.Written(), objects(t).Written())
}

func TestATypoInTheValuesIsNamedAndChangesNothing(t *testing.T) {
	agentcube := newRelease(t, "agentcube", "typo")
	require.NoError(t, agentcube.install(base, plain))
	before := objects(t)

	for _, how := range []reuse{reuseValues, resetThenReuseValues, neither} {
		assert.ErrorContains(t, agentcube.upgrade(how, "router: {replica: 2}"), "replica")
	}
	assert.ErrorContains(t, newRelease(t, "another", "typo-either").install(base, "router: {replica: 2}"), "replica")
	assert.Equal(t, before.Written(), objects(t).Written())
}

func TestAnotherTrustDomainIsRefusedWhileSPIREIsOnAndTakenOnceItWasOff(t *testing.T) {
	withSpireCRDs(t)
	agentcube := newRelease(t, "agentcube", "trust-domain")
	require.NoError(t, agentcube.install(base, spire))
	before := objects(t)

	const another = "spire: {enabled: true, trustDomain: example.org}"
	err := agentcube.upgrade(reuseValues, another)
	assert.ErrorContains(t, err, "spire.trustDomain is cluster.local in the cluster and cannot become example.org while SPIRE is on")
	assert.ErrorContains(t, err, "set spire.enabled to false in one upgrade, and in a second one to true together with the new trust domain")
	assert.Equal(t, before.Written(), objects(t).Written())

	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: false}"))
	require.NoError(t, agentcube.upgrade(reuseValues, another))
}

func TestAnotherVolumeForTheServerIsRefusedWhileSPIREIsOnAndChangesNothing(t *testing.T) {
	withSpireCRDs(t)
	agentcube := newRelease(t, "agentcube", "volume")
	require.NoError(t, agentcube.install(base, "{redis: {password: secret}, spire: {enabled: true, server: {persistence: {size: 2048Mi}}}}"))
	before := objects(t)
	for persistence, sentence := range map[string]string{
		"{size: 3Gi}":          "spire.server.persistence.size is 2Gi in the cluster and cannot become 3Gi: keep it",
		"{storageClass: fast}": `spire.server.persistence.storageClass is "" in the cluster and cannot become "fast": keep it`,
	} {
		assert.ErrorContains(t, agentcube.upgrade(reuseValues, "spire: {server: {persistence: "+persistence+"}}"), sentence)
	}
	assert.Equal(t, before.Written(), objects(t).Written())

	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {server: {persistence: {size: 2Gi}}}"), "another form of the same size")
}

func TestASecondReleaseWithMutualTLSOfTheSameNameIsToldToTakeAnotherAndChangesNothing(t *testing.T) {
	withSpireCRDs(t)
	one, other := newRelease(t, "agentcube", "same-name"), newRelease(t, "agentcube", "same-name-either")
	require.NoError(t, one.install(base, spire))
	before := objects(t)
	const sentence = "the ClusterSPIFFEID agentcube-agentcube-router belongs to the release agentcube in the namespace same-name, " +
		"and its name, which holds no namespace, cannot be taken twice: give this release another name"
	assert.ErrorContains(t, other.install(base, spire), sentence)
	assert.Equal(t, before.Written(), objects(t).Written())

	require.NoError(t, other.install(base, plain), "without mutual TLS there is nothing to share")
	assert.ErrorContains(t, other.upgrade(reuseValues, "spire: {enabled: true}"), sentence)
}

func TestARefusedFirstInstallLeavesOnlyTheCRDsThatHelmBringsBeforehand(t *testing.T) {
	removeCRDs(t, "agentruntimes.runtime.agentcube.volcano.sh", "codeinterpreters.runtime.agentcube.volcano.sh")
	before := objects(t)
	assert.Error(t, newRelease(t, "agentcube", "refused").install(base, "router: {replica: 2}"))
	assert.ElementsMatch(t, []string{
		"customresourcedefinitions.apiextensions.k8s.io /agentruntimes.runtime.agentcube.volcano.sh",
		"customresourcedefinitions.apiextensions.k8s.io /codeinterpreters.runtime.agentcube.volcano.sh",
	}, objects(t).Since(before))
}

// removeCRDs takes away what an uninstall leaves.
func removeCRDs(t testing.TB, names ...string) {
	t.Helper()
	dynamicClient, err := dynamic.NewForConfig(server.Config())
	require.NoError(t, err)
	definitions := dynamicClient.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	for _, name := range names {
		require.Eventually(t, func() bool {
			return apierrors.IsNotFound(definitions.Delete(t.Context(), name, metav1.DeleteOptions{}))
		}, time.Minute, 50*time.Millisecond, "%s must go", name)
	}
}
