package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"agentcube-mtls/e2e/verify"
)

// TestTwoReleasesKeepTheirIdentitiesApartAndOneGoesWithoutATrace installs a second release beside the suite's, compares what
// their SPIRE servers know, and removes it again.
func TestTwoReleasesKeepTheirIdentitiesApartAndOneGoesWithoutATrace(t *testing.T) {
	ctx := start(t)
	const name = "neighbour"
	before := clusterScoped(ctx, t, name)
	neighbour := install(t, name, map[string]string{"spire.enabled": "true"})

	for _, r := range []verify.Release{neighbour, suite.release} {
		seen, err := r.Handshake(ctx)
		require.NoError(t, err, r.Name)
		own := "/ns/" + r.Namespace + "/"
		assert.Contains(t, seen.Client.ID, own)
		assert.Contains(t, seen.Server.ID, own)
		other := "/ns/" + suite.release.Namespace + "/sa/workloadmanager"
		if r.Name == suite.release.Name {
			other = "/ns/" + name + "/sa/workloadmanager"
		}
		entries, err := r.Server(ctx, "entry", "show", "-output", "json")
		require.NoError(t, err)
		assert.NotContains(t, entries, other, "the server of %s knows an identity of its neighbour", r.Name)
	}

	_, err := suite.helm.Run(ctx, "uninstall", name, "--namespace", name, "--wait", "--timeout", "5m")
	require.NoError(t, err)
	assert.Equal(t, before, clusterScoped(ctx, t, name), "cluster-scoped objects that name the release")
	// The keys of the CA, and those that running sandboxes trust, are the user's: no uninstallation takes them away.
	left := []string{"persistentvolumeclaims/data-spire-server-0", "secrets/picod-router-identity"}
	assert.Equal(t, left, namespaced(ctx, t, name), "what uninstalling leaves in the namespace")
	_, err = suite.release.Handshake(ctx)
	assert.NoError(t, err, "the other release goes on")
}

// clusterScoped returns the cluster-scoped objects whose names hold the release's.
func clusterScoped(ctx context.Context, t *testing.T, release string) []string {
	t.Helper()
	return listed(ctx, t, "", func(name string) bool { return strings.Contains(name, release) }, []schema.GroupVersionResource{
		{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterroles"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterrolebindings"},
		{Group: "spire.spiffe.io", Version: "v1alpha1", Resource: "clusterspiffeids"},
		{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"},
	})
}

// namespaced returns the objects in a namespace that Kubernetes has not put there itself.
func namespaced(ctx context.Context, t *testing.T, namespace string) []string {
	t.Helper()
	const kubernetes = "kube-root-ca.crt default"
	return listed(ctx, t, namespace, func(name string) bool { return !strings.Contains(kubernetes, name) }, []schema.GroupVersionResource{
		{Version: "v1", Resource: "configmaps"}, {Version: "v1", Resource: "secrets"}, {Version: "v1", Resource: "services"},
		{Version: "v1", Resource: "serviceaccounts"}, {Version: "v1", Resource: "persistentvolumeclaims"},
		{Group: "apps", Version: "v1", Resource: "deployments"}, {Group: "apps", Version: "v1", Resource: "daemonsets"},
		{Group: "apps", Version: "v1", Resource: "statefulsets"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"},
		{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"},
	})
}

func listed(ctx context.Context, t *testing.T, namespace string, which func(string) bool, kinds []schema.GroupVersionResource) []string {
	t.Helper()
	client, err := dynamic.NewForConfig(suite.release.Config)
	require.NoError(t, err)
	found := []string{}
	for _, kind := range kinds {
		list, err := client.Resource(kind).Namespace(namespace).List(ctx, metav1.ListOptions{})
		require.NoError(t, err, kind.Resource)
		for _, object := range list.Items {
			if which(object.GetName()) {
				found = append(found, fmt.Sprintf("%s/%s", kind.Resource, object.GetName()))
			}
		}
	}
	slices.Sort(found)
	return found
}
