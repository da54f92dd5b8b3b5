package apiserver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestATypoInTheValuesIsNamedAndChangesNothing(t *testing.T) {
	t.Parallel()
	agentcube, another := newRelease(t, "typo", "typo"), newRelease(t, "typo-either", "typo-either")
	require.NoError(t, agentcube.install(base, plain))
	before := objects(t, agentcube.namespace, another.namespace)

	for _, how := range []reuse{reuseValues, resetThenReuseValues, neither} {
		assert.ErrorContains(t, agentcube.upgrade(how, "router: {replica: 2}"), "replica")
	}
	assert.ErrorContains(t, another.install(base, "router: {replica: 2}"), "replica")
	assert.Equal(t, before.Written(), objects(t, agentcube.namespace, another.namespace).Written())
}

func TestAnotherTrustDomainIsRefusedWhileSPIREIsOnAndTakenOnceItWasOff(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "trust-domain", "trust-domain")
	require.NoError(t, agentcube.install(base, spire))
	before := objects(t, agentcube.namespace)

	const another = "spire: {enabled: true, trustDomain: example.org}"
	err := agentcube.upgrade(reuseValues, another)
	assert.ErrorContains(t, err, "spire.trustDomain is cluster.local in the cluster and cannot become example.org while SPIRE is on")
	assert.ErrorContains(t, err, "set spire.enabled to false in one upgrade, and in a second one to true together with the new trust domain")
	assert.Equal(t, before.Written(), objects(t, agentcube.namespace).Written())

	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: false}"))
	require.NoError(t, agentcube.upgrade(reuseValues, another))
}

func TestAnotherVolumeForTheServerIsRefusedWhileSPIREIsOnAndChangesNothing(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	agentcube := newRelease(t, "volume", "volume")
	require.NoError(t, agentcube.install(base, "{redis: {password: secret}, spire: {enabled: true, server: {persistence: {size: 2048Mi}}}}"))
	before := objects(t, agentcube.namespace)
	for persistence, sentence := range map[string]string{
		"{size: 3Gi}":          "spire.server.persistence.size is 2Gi in the cluster and cannot become 3Gi: keep it",
		"{storageClass: fast}": `spire.server.persistence.storageClass is "" in the cluster and cannot become "fast": keep it`,
	} {
		assert.ErrorContains(t, agentcube.upgrade(reuseValues, "spire: {server: {persistence: "+persistence+"}}"), sentence)
	}
	assert.Equal(t, before.Written(), objects(t, agentcube.namespace).Written())

	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {server: {persistence: {size: 2Gi}}}"), "another form of the same size")
}

func TestASecondReleaseWithMutualTLSOfTheSameNameIsToldToTakeAnotherAndChangesNothing(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	one, other := newRelease(t, "same", "same-name"), newRelease(t, "same", "same-name-either")
	require.NoError(t, one.install(base, spire))
	before := objects(t, one.namespace, other.namespace)
	const sentence = "the ClusterSPIFFEID same-agentcube-router belongs to the release same in the namespace same-name, " +
		"and its name, which holds no namespace, cannot be taken twice: give this release another name"
	assert.ErrorContains(t, other.install(base, spire), sentence)
	assert.Equal(t, before.Written(), objects(t, one.namespace, other.namespace).Written())

	require.NoError(t, other.install(base, plain), "without mutual TLS there is nothing to share")
	assert.ErrorContains(t, other.upgrade(reuseValues, "spire: {enabled: true}"), sentence)
}
