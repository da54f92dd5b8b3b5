package apiserver_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// A rejected install leaves only CRDs.
//
//nolint:paralleltest // takes definitions away that other tests need
func TestRejectedInstall(t *testing.T) {
	removeCRDs(t, "agentruntimes.runtime.agentcube.volcano.sh", "codeinterpreters.runtime.agentcube.volcano.sh")
	before := objects(t)
	err := newRelease(t, "agentcube", "refused").install(base, "{redis: {addr: 'redis:6379'}, router: {replica: 2}}")
	require.ErrorContains(t, err, "additional properties 'replica' not allowed")
	assert.ElementsMatch(t, []string{
		"customresourcedefinitions.apiextensions.k8s.io /agentruntimes.runtime.agentcube.volcano.sh",
		"customresourcedefinitions.apiextensions.k8s.io /codeinterpreters.runtime.agentcube.volcano.sh",
	}, objects(t).Since(before))
}

//nolint:paralleltest // takes definitions away that other tests need
func TestSpireWithoutCRDs(t *testing.T) {
	withoutSpireCRDs(t)
	agentcube := newRelease(t, "agentcube", "without-crds")
	require.NoError(t, agentcube.install(base, plain))
	before := objects(t)
	lacks := func(kinds string) string {
		return "spire.enabled needs SPIRE's CustomResourceDefinitions, and this cluster lacks " + kinds + ": install the chart spire-crds first, or upgrade it"
	}

	const all = "ClusterSPIFFEID, ClusterStaticEntry, ClusterFederatedTrustDomain"
	require.ErrorContains(t, agentcube.upgrade(reuseValues, "spire: {enabled: true}"), lacks(all))
	require.ErrorContains(t, newRelease(t, "another", "without-crds-either").install(base, spire), lacks(all))
	assert.Equal(t, before.Written(), objects(t).Written())

	crds := newRelease(t, "spire-crds", "spire-crds")
	require.NoError(t, crds.install(spireCRDs, "{}"))
	awaitSpireKinds(t, 3)
	require.NoError(t, agentcube.upgrade(reuseValues, "spire: {enabled: true}"))
	removeCRDs(t, "clusterspiffeids.spire.spiffe.io")
	awaitSpireKinds(t, 2)
	before = objects(t)
	require.ErrorContains(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"), lacks("ClusterSPIFFEID"))
	assert.Equal(t, before.Written(), objects(t).Written())
	require.NoError(t, crds.upgradeTo(spireCRDs, reuseValues, "{}"))
	awaitSpireKinds(t, 3)
	require.NoError(t, agentcube.upgrade(reuseValues, "router: {replicas: 2}"), "an upgrade of spire-crds brings back what was deleted")
}

// bringingCRDs is held while a test looks for SPIRE's CRDs, and brings them if none did before.
var bringingCRDs sync.Mutex

// withSpireCRDs brings SPIRE's CRDs, which stay for other tests.
func withSpireCRDs(t testing.TB) {
	t.Helper()
	bringingCRDs.Lock()
	defer bringingCRDs.Unlock()
	crds := release{t: t, name: "spire-crds", namespace: "spire-crds"}
	if _, err := action.NewHistory(crds.helm()).Run(crds.name); errors.Is(err, driver.ErrReleaseNotFound) {
		require.NoError(t, crds.install(spireCRDs, "{}"))
		awaitSpireKinds(t, 3)
	}
}

// withoutSpireCRDs deletes them, and may run only while no other test runs.
func withoutSpireCRDs(t testing.TB) {
	t.Helper()
	require.NoError(t, release{t: t, name: "spire-crds", namespace: "spire-crds"}.uninstall())
	removeCRDs(t, "clusterspiffeids.spire.spiffe.io", "clusterstaticentries.spire.spiffe.io", "clusterfederatedtrustdomains.spire.spiffe.io")
	awaitSpireKinds(t, 0)
}

// awaitSpireKinds returns once the server says that it serves so many of SPIRE's kinds, which is
// somewhat after their definitions change.
func awaitSpireKinds(t testing.TB, number int) {
	t.Helper()
	require.Eventually(t, func() bool {
		served, err := client(t).Discovery().ServerResourcesForGroupVersion("spire.spiffe.io/v1alpha1")
		if err != nil {
			return number == 0 && apierrors.IsNotFound(err)
		}
		kinds := 0
		for _, resource := range served.APIResources {
			if !strings.Contains(resource.Name, "/") { // and is no part of one, such as its status
				kinds++
			}
		}
		return kinds == number
	}, time.Minute, 50*time.Millisecond, "%d kinds must be served", number)
}

// removeCRDs deletes the CRDs that an uninstall leaves.
func removeCRDs(t testing.TB, names ...string) {
	t.Helper()
	dynamicClient, err := dynamic.NewForConfig(server.Config)
	require.NoError(t, err)
	definitions := dynamicClient.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	for _, name := range names {
		require.Eventually(t, func() bool {
			return apierrors.IsNotFound(definitions.Delete(t.Context(), name, metav1.DeleteOptions{}))
		}, time.Minute, 50*time.Millisecond, "%s must go", name)
	}
}
