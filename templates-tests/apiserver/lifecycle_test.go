package apiserver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	plain = `{redis: {addr: "redis:6379", password: secret}}`
	spire = `{redis: {addr: "redis:6379", password: secret}, spire: {enabled: true}}`
)

// kept are the objects of a release in this namespace that the chart's README says an uninstall
// leaves.
func kept(namespace string) []string {
	return []string{
		"customresourcedefinitions.apiextensions.k8s.io /agentruntimes.runtime.agentcube.volcano.sh",
		"customresourcedefinitions.apiextensions.k8s.io /clusterfederatedtrustdomains.spire.spiffe.io",
		"customresourcedefinitions.apiextensions.k8s.io /clusterspiffeids.spire.spiffe.io",
		"customresourcedefinitions.apiextensions.k8s.io /clusterstaticentries.spire.spiffe.io",
		"customresourcedefinitions.apiextensions.k8s.io /codeinterpreters.runtime.agentcube.volcano.sh",
		"namespaces /" + namespace,
		"namespaces /spire-crds",
		"secrets " + namespace + "/picod-router-identity",
	}
}

// An uninstall leaves only what the README says.
//
//nolint:paralleltest // takes definitions away that other tests need
func TestUninstall(t *testing.T) {
	for mode, values := range map[string]string{"plain": plain, "spire": spire} {
		t.Run(mode, func(t *testing.T) {
			require.NoError(t, release{t: t, name: "spire-crds", namespace: "spire-crds"}.uninstall(), "by an earlier test")
			before := objects(t)
			crds := newRelease(t, "spire-crds", "spire-crds")
			require.NoError(t, crds.install(spireCRDs, "{}"))
			agentcube := newRelease(t, "agentcube", "uninstall-"+mode)
			require.NoError(t, agentcube.install(base, values))
			// The Router makes it, and no chart knows of it.
			_, err := client(t).CoreV1().Secrets(agentcube.namespace).Create(t.Context(),
				&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "picod-router-identity"}}, metav1.CreateOptions{})
			require.NoError(t, err)

			require.NoError(t, agentcube.uninstall())
			require.NoError(t, crds.uninstall())
			after := objects(t)
			assert.Subset(t, kept(agentcube.namespace), after.Since(before))
			for _, key := range kept(agentcube.namespace) {
				assert.Contains(t, after, key)
			}
		})
	}
}

// Releases in two namespaces do not touch each other.
func TestTwoReleases(t *testing.T) {
	t.Parallel()
	withSpireCRDs(t)
	for names, values := range map[[2]string]string{{"agentcube", "agentcube"}: plain, {"agentcube", "another"}: spire} {
		one, other := newRelease(t, names[0], "one-"+names[1]), newRelease(t, names[1], "other-"+names[1])
		require.NoError(t, one.install(base, values))
		alone := objects(t, one.namespace, other.namespace)
		require.NoError(t, other.install(base, values))
		require.NoError(t, other.uninstall())

		after := objects(t, one.namespace, other.namespace)
		assert.Equal(t, []string{"namespaces /" + other.namespace}, after.Since(alone))
		delete(after, "namespaces /"+other.namespace)
		assert.Equal(t, alone.Written(), after.Written())
		require.NoError(t, one.uninstall())
	}
}
